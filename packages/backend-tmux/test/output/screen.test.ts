import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { AgentRef, BackendEvent, ReadQuery, ReadResult } from '@orch/core'
import { rowsOfScreen } from '../../src/output/screen-rows.ts'
import { eventually, systemProgram, World } from '../support/world.ts'

const read = (world: World, agent: AgentRef, query: Partial<ReadQuery> = {}): Promise<ReadResult> =>
  world.backend.read(agent, { last: 100, before: null, raw: false, ...query }, world.signal)

const textsOf = ({ items }: ReadResult): (string | null)[] => items.map(({ text }) => text)

const shell = (script: string): ReturnType<typeof systemProgram> => systemProgram('sh', ['-c', script])

/** An agent that runs `less` on a file of this many lines. */
async function reader(world: World, lines: number): Promise<AgentRef> {
  const file = join(world.folder, 'text')
  writeFileSync(file, Array.from({ length: lines }, (_, index) => `line ${index + 1}\n`).join(''))
  return await world.create(shell(`echo before; less ${file}; echo after; cat`))
}

async function shows(world: World, agent: AgentRef, text: string): Promise<ReadResult> {
  return await eventually(`the screen shows "${text}"`, async () => {
    const page = await read(world, agent, { screen: true })
    return textsOf(page).some((row) => row?.includes(text)) ? page : undefined
  })
}

describe('read() of the screen', () => {
  it('is what the window shows, whatever was written, down to its last row that is not empty', async () => {
    await using world = new World()
    const agent = await world.create(shell(String.raw`printf 'one\rONE\n\n\033[3;3Hthree'; cat`))
    const { items, before, gap } = await shows(world, agent, 'three')
    expect(items.map(({ kind, text }) => [kind, text])).toEqual([
      ['screen', 'ONE'],
      ['screen', ''],
      ['screen', '  three'],
    ])
    expect([before, gap, new Set(items.map(({ id }) => id)).size]).toEqual([null, null, 3])
    expect(textsOf(await read(world, agent, { screen: true, last: 1 }))).toEqual(['  three'])
  })

  it('has the colours of each row with it, and lines where lines are drawn', async () => {
    await using world = new World()
    const agent = await world.create(
      shell(String.raw`printf '\033[31mred\nred too\033[0m\nplain \033(0lqqk\033(B'; cat`),
    )
    await shows(world, agent, 'plain')
    expect(textsOf(await read(world, agent, { screen: true }))).toEqual(['red', 'red too', 'plain ┌──┐'])
    const [first, second, third] = textsOf(await read(world, agent, { screen: true, raw: true }))
    expect([first, second]).toEqual(['\x1b[31mred\x1b[0m', '\x1b[31mred too\x1b[0m'])
    expect(third).toBe('\x1b[31m\x1b[39mplain ┌──┐')
  })

  it('is there once the program has ended, and is missed once its window is gone or another one', async () => {
    await using world = new World()
    const agent = await world.create(shell('echo said; exit 3'))
    await shows(world, agent, 'said')
    const stranger = { ...agent, id: 'stranger' }
    expect(await read(world, stranger, { screen: true })).toMatchObject({ items: [], gap: { code: 'NO_SCREEN' } })
    await world.backend.stop(agent, world.signal)
    expect(await read(world, agent, { screen: true })).toMatchObject({ items: [], gap: { code: 'NO_SCREEN' } })
    await world.killServer()
    expect(await read(world, agent, { screen: true })).toMatchObject({ items: [], gap: { code: 'NO_SCREEN' } })
  })
})

describe('a program that draws on the whole window', () => {
  it('is read as what the window shows, and as its text once it has left that', async () => {
    await using world = new World()
    const agent = await reader(world, 500)
    await shows(world, agent, 'line 40')
    const page = await read(world, agent, { last: 3 })
    expect(page).toMatchObject({ before: null, gap: { code: 'FULL_SCREEN' } })
    expect(textsOf(page).slice(0, 2)).toEqual(['line 48', 'line 49'])
    expect(textsOf(await read(world, agent))).not.toContain('before')
    await world.tmux('send-keys', '-t', (agent.handle as { pane: string }).pane, 'q')
    await shows(world, agent, 'after')
    expect(await read(world, agent)).toMatchObject({ gap: null, before: null })
    expect(textsOf(await read(world, agent))).toEqual(['before', 'after'])
    expect(textsOf(await read(world, agent, { last: 1 }))).toEqual(['after'])
  })

  it('is followed as text before and after, and told of between', async () => {
    await using world = new World()
    const agent = await world.create(shell('read x; echo text; less /etc/passwd; echo after; cat'))
    const told: BackendEvent[] = []
    const ending = new AbortController()
    const following = (async () => {
      for await (const event of world.backend.events([agent], { content: true, raw: false }, ending.signal))
        told.push(event)
    })()
    await eventually('events are followed', () => told.some(({ type }) => type === 'ready') || undefined)
    await world.backend.send(agent, { id: 'm', text: 'go' }, world.signal)
    const isTold = (what: string): true | undefined =>
      told.some(
        (event) => (event.type === 'gap' ? event.reason.code : event.type === 'item' && event.item.text) === what,
      ) || undefined
    await eventually('it began to draw', () => isTold('FULL_SCREEN'))
    await world.tmux('send-keys', '-t', (agent.handle as { pane: string }).pane, 'q')
    await eventually('text comes again', () => isTold('after'))
    ending.abort()
    await following
    const texts = told.flatMap((event) => (event.type === 'item' && event.item.final ? [event.item.text] : []))
    expect(texts).toEqual(['go', 'text', 'after'])
  })
})

describe('rowsOfScreen()', () => {
  it('gives each row the looks that still hold, each kind once', () => {
    expect(rowsOfScreen(['\x1b[1m\x1b[31ma\x1b[32m', 'b\x1b[0;7mc', 'd\x1b[m', 'e', '\x1b[31mf\x1b[39m', 'g'])).toEqual(
      [
        '\x1b[1m\x1b[31ma\x1b[32m\x1b[0m',
        '\x1b[1m\x1b[32mb\x1b[0;7mc\x1b[0m',
        '\x1b[0;7md\x1b[m',
        'e',
        '\x1b[31mf\x1b[39m',
        'g',
      ],
    )
  })

  it('draws lines, whatever colours stand between', () => {
    expect(rowsOfScreen(['\x0el\x1b[31mqk', 'x\x0f', 'mj'])).toEqual([
      '┌\x1b[31m─┐\x1b[0m',
      '\x1b[31mx\x0f\x1b[0m',
      '\x1b[31mmj\x1b[0m',
    ])
  })
})
