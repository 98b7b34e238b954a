import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { AgentRef, Item, ReadResult } from '@orch/core'
import { readLastLines, readLinesFrom } from '../src/client/log.ts'
import { LogParts } from '../src/client/log-parts.ts'
import { BLOCK_BYTES, type Line } from '../src/output/output-lines.ts'
import { systemProgram, World } from './support/world.ts'

const read = (world: World, agent: AgentRef, last: number, before: string | null = null): Promise<ReadResult> =>
  world.backend.read(agent, { last, before, raw: false }, world.signal)

const textsOf = (items: readonly Item[]): (string | null)[] => items.map(({ text }) => text)

async function withLog(content: string | Buffer, work: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync('/tmp/orch-t-')
  try {
    writeFileSync(join(folder, 'log'), content)
    await work(join(folder, 'log'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const show = (lines: readonly Line[]): (string | number | boolean)[][] =>
  lines.map(({ start, bytes, final }) => [start, bytes.toString(), final])

describe('read()', () => {
  it('returns exactly so many lines, whatever the screen holds', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('sh', ['-c', 'seq 1 3000; cat']))
    await world.output(agent, '3000')
    expect(textsOf((await read(world, agent, 1)).items)).toEqual(['3000'])
    expect(textsOf((await read(world, agent, 3)).items)).toEqual(['2998', '2999', '3000'])
    const { items, before } = await read(world, agent, 100_000)
    expect(textsOf(items)).toEqual(Array.from({ length: 3000 }, (_, index) => String(index + 1)))
    expect(before).toBeNull()
  })

  it('pages back, and keeps ids and cursors while output grows', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('sh', ['-c', 'seq 1 7; cat']))
    await world.output(agent, '7')
    const newest = await read(world, agent, 3)
    await world.backend.send(agent, { id: 'm', text: 'more' }, world.signal)
    await world.output(agent, 'more')
    const older = await read(world, agent, 3, newest.before)
    const oldest = await read(world, agent, 3, older.before)
    expect([oldest, older, newest].flatMap(({ items }) => textsOf(items))).toEqual(['1', '2', '3', '4', '5', '6', '7'])
    expect(oldest.before).toBeNull()
    const ids = [...oldest.items, ...older.items, ...newest.items].map(({ id }) => id)
    expect((await read(world, agent, 100)).items.map(({ id }) => id).slice(0, 7)).toEqual(ids)
  })

  it('removes what acts on a terminal, or keeps every byte', async () => {
    await using world = new World()
    const script = String.raw`printf '\033[31mred\033[0m\033]0;title\007\n10%%\r100%%\n\302\2332Jx\n'`
    const agent = await world.create(systemProgram('sh', ['-c', script]))
    await world.output(agent, 'x')
    expect(textsOf((await read(world, agent, 9)).items)).toEqual(['red', '100%', 'x'])
    const page = await world.backend.read(agent, { last: 9, before: null, raw: true }, world.signal)
    const raw = textsOf(page.items)
    expect(`${raw.join('\n')}\n`).toBe(readFileSync((agent.handle as { log: string }).log, 'utf8'))
    expect(raw[0]).toBe('\u001b[31mred\u001b[0m\u001b]0;title\u0007\r')
  })

  it('shows a line that is not complete as not final, under the id it keeps', async () => {
    await using world = new World()
    const agent = await world.create(
      systemProgram('sh', ['-c', 'echo first; printf "name? "; read x; echo "hello $x"']),
    )
    await world.output(agent, 'name?')
    const { items } = await read(world, agent, 1)
    expect(items).toMatchObject([{ text: 'name? ', final: false }])
    await world.backend.send(agent, { id: 'm', text: 'you' }, world.signal)
    await world.output(agent, 'hello you')
    const after = await read(world, agent, 9)
    expect(after.items).toMatchObject([
      { text: 'first' },
      { text: 'name? you', final: true, id: items[0]?.id },
      { text: 'hello you' },
    ])
  })

  it('holds the output after the window and the server are gone', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('echo', ['said']))
    await world.output(agent, 'said')
    await world.backend.stop(agent, world.signal)
    await world.killServer()
    expect(textsOf((await read(world, agent, 5)).items)).toEqual(['said'])
  })

  it('says what is missing when the log is gone', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('echo', ['said']))
    await world.output(agent, 'said')
    rmSync((agent.handle as { log: string }).log)
    expect(await read(world, agent, 5)).toEqual({
      items: [],
      before: null,
      gap: { code: 'NO_LOG', text: expect.any(String) },
    })
  })

  it('keeps the newest output of what is wanted at most, and says so where older is asked for', async () => {
    await using world = new World({ options: { logBytes: 1_048_576 } })
    const agent = await world.create(systemProgram('seq', ['-f', 'line %06.0f', '300000']))
    await world.output(agent, 'line 300000')
    const { log } = agent.handle as { log: string }
    const names = readdirSync(dirname(log)).filter((name) => name.startsWith(basename(log)))
    const sizes = names.map((name) => statSync(join(dirname(log), name)).size)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1_048_576)
    expect(names.map((name) => statSync(join(dirname(log), name)).mode & 0o777)).toEqual(names.map(() => 0o600))
    expect(await read(world, agent, 3)).toMatchObject({ items: [{}, {}, { text: 'line 300000' }], gap: null })
    const all = await read(world, agent, 300_000)
    expect(all).toMatchObject({ before: null, gap: { code: 'LOG_CUT' } })
    const count = all.items.length
    // Seven whole parts, each at least half full, but for a first block that is not there whole.
    expect(count * 13).toBeGreaterThan((7 * 1_048_576) / 16 - BLOCK_BYTES - 13)
    const newest = Array.from(
      { length: count },
      (_, index) => `line ${String(300_001 - count + index).padStart(6, '0')}`,
    )
    expect(textsOf(all.items)).toEqual(newest)
  })

  it('refuses a cursor that is none', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('echo', ['said']))
    await expect(read(world, agent, 5, '../5')).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('the log', () => {
  it('is read the same from both ends, at every size around a block', async () => {
    for (const length of [1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES, 2 * BLOCK_BYTES + 7]) {
      const content = `${'é'.repeat(length / 2)}\nsecond\n${'y'.repeat(length)}\nlast`
      await withLog(content, async (path) => {
        const forward = show(readLinesFrom(new LogParts(path), 0).lines)
        expect(forward.map(([, text]) => text).join('')).toBe(content.replaceAll('\n', ''))
        for (const last of [1, 2, 3, 100]) {
          const page = readLastLines(path, { last, before: null })
          expect(show(page?.lines ?? [])).toEqual(forward.slice(-last))
        }
      })
    }
  })

  it('is not read whole for its last lines', async () => {
    await withLog(`${'x'.repeat(99)}\n`.repeat(500_000), async (path) => {
      const before = process.resourceUsage().fsRead
      const page = readLastLines(path, { last: 2, before: null })
      expect(page?.start).toBe(500_000 * 100 - 200)
      expect(page?.lines.map(({ bytes }) => bytes.buffer.byteLength)[0]).toBeLessThanOrEqual(3 * BLOCK_BYTES)
      expect(process.resourceUsage().fsRead - before).toBeLessThan(1_000)
    })
  })

  it('cuts a line without end into pieces that stay where they are', async () => {
    await withLog('z'.repeat(3 * BLOCK_BYTES + 5), async (path) => {
      const { lines: cut } = readLinesFrom(new LogParts(path), 0)
      expect(cut.map(({ start, final, cut: isCut }) => [start, final, isCut])).toEqual([
        [0, true, true],
        [BLOCK_BYTES, true, true],
        [2 * BLOCK_BYTES, true, true],
        [3 * BLOCK_BYTES, false, false],
      ])
      appendFileSync(path, '\nnext\n')
      const grown = readLastLines(path, { last: 3, before: null })
      expect(grown?.lines.map(({ start }) => start)).toEqual([2 * BLOCK_BYTES, 3 * BLOCK_BYTES, 3 * BLOCK_BYTES + 6])
    })
  })

  it('is followed in parts, however much was added', async () => {
    const content = `${'é'.repeat(40)}\n`.repeat(200_000)
    await withLog(content, async (path) => {
      const texts: string[] = []
      let parts = 0
      for (let from = 0, more = true; more; parts += 1) {
        const part = readLinesFrom(new LogParts(path), from)
        texts.push(...part.lines.map(({ bytes }) => bytes.toString()))
        from = part.lines.at(-1)?.end ?? from
        more = part.more
      }
      expect(parts).toBe(36)
      expect(`${texts.join('\n')}\n` === content).toBe(true)
    })
  })

  it('is not there, or empty', async () => {
    expect(readLastLines('/nowhere/log', { last: 5, before: null })).toBeNull()
    expect(readLinesFrom(new LogParts('/nowhere/log'), 0)).toEqual({ lines: [], more: false, isCut: false })
    await withLog('', async (path) => {
      expect(readLastLines(path, { last: 5, before: null })).toEqual({ lines: [], start: 0, isCut: false })
    })
  })
})
