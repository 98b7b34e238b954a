import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { smallDisk } from '../../../../tests/bad-days/support/small-disk.ts'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { descendantsOf } from '../../../../tests/harness/processes.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { readLastLines, readLinesFrom } from '../../src/client/log.ts'
import { LogParts } from '../../src/client/log-parts.ts'
import { LOG_SCRIPT } from '../../src/output/log-script.ts'

const scope = perTest()
const PART = 262_144
const KEPT = 3
let logs: string
let script: string

beforeEach(async () => {
  const { path } = await scope.use(temporaryFolder())
  logs = path
  script = join(path, 'log.sh')
  writeFileSync(script, LOG_SCRIPT)
})

const log = (run = 'run'): string => join(logs, `${run}.log`)

function start(run = 'run', most = KEPT): ChildProcessWithoutNullStreams {
  const env = { PATH: process.env.PATH, ORCH_TMUX_LOGS: logs }
  const child = spawn('/bin/sh', [script, run, String(PART), String(most)], { env })
  scope.defer(() => child.kill('SIGKILL'))
  return child
}

/** The parts that are there: where each begins, and its size. */
function parts(run = 'run'): { start: number; size: number }[] {
  const names = readdirSync(logs).filter((name) => name.startsWith(`${run}.log`))
  const all = names.map((name) => ({ start: Number(name.split('.')[2] ?? 0), size: statSync(join(logs, name)).size }))
  return all.toSorted((one, other) => one.start - other.start)
}

const line = (nth: number): string => `${nth} ${'é'.repeat(nth % 90)}\n`
const linesUpTo = (count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, index) => line(index)).join(''))

/** Everything that the parts hold, which must follow each other without a hole. */
function kept(run = 'run'): { start: number; bytes: Buffer } {
  const all = parts(run)
  for (const [index, { start, size }] of all.entries())
    if (all[index + 1] !== undefined) expect(all[index + 1]?.start).toBe(start + size)
  const read = ({ start }: { start: number }): Buffer => readFileSync(start === 0 ? log(run) : `${log(run)}.${start}`)
  return { start: all[0]?.start ?? 0, bytes: Buffer.concat(all.map(read)) }
}

/** Whether a writer takes what comes block by block, as there is no room for it. */
async function findsNoRoom({ pid }: ChildProcessWithoutNullStreams): Promise<boolean> {
  return (await descendantsOf(pid as number)).some(({ argv }) => argv.includes('count=1'))
}

describe('the log script', () => {
  it('writes every byte, in parts that follow each other, and keeps so many of them', async () => {
    const child = start()
    const all = linesUpTo(20_000)
    for (let at = 0; at < all.length; at += 7919) {
      if (!child.stdin.write(all.subarray(at, at + 7919))) await once(child.stdin, 'drain')
    }
    child.stdin.end()
    await once(child, 'exit')
    const { start: begin, bytes } = kept()
    expect(begin).toBeGreaterThan(0)
    expect(bytes.equals(all.subarray(begin))).toBe(true)
    expect(parts().length).toBe(KEPT)
    expect(Math.max(...parts().map(({ size }) => size))).toBeLessThanOrEqual(PART)
    expect(bytes.length).toBeGreaterThan((KEPT - 1) * (PART - 65_536 - PART / 16))
  })

  it('passes each piece on at once, and ends with its input', async () => {
    const child = start()
    for (const nth of Array.from({ length: 20 }, (_, index) => index)) {
      child.stdin.write(line(nth))
      await eventually(() => kept().bytes.equals(linesUpTo(nth + 1)), { what: `line ${nth}` })
    }
    child.stdin.end()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('leaves a log that can be read when its processes are killed at any time', async () => {
    const all = linesUpTo(20_000)
    for (let round = 0; round < 10; round += 1) {
      const run = `run${round}`
      const child = start(run)
      child.stdin.on('error', () => {})
      child.stdin.write(all)
      await eventually(() => parts(run).length > round % KEPT, { what: 'parts' })
      const victims = [child.pid as number, ...(await descendantsOf(child.pid as number)).map(({ pid }) => pid)]
      for (const pid of round % 2 === 0 ? victims : victims.toReversed()) killIfThere(pid)
      await once(child, 'exit')
      const { start: begin, bytes } = kept(run)
      expect(bytes.equals(all.subarray(begin, begin + bytes.length))).toBe(true)
      expect(readLastLines(log(run), { last: 1, before: null })?.lines).toHaveLength(1)
    }
  })

  it('goes on when the disk was full between two parts, and says so', async () => {
    const disk = await scope.use(smallDisk())
    logs = disk.path
    const child = start('run', 100)
    const all = linesUpTo(20_000)
    for (let at = 0; at < all.length; at += 65_536)
      if (!child.stdin.write(all.subarray(at, at + 65_536))) await once(child.stdin, 'drain')
    await eventually(() => findsNoRoom(child), { what: 'a writer that finds no room' })
    const { bytes } = kept()
    expect(bytes.equals(all.subarray(0, bytes.length))).toBe(true)
    rmSync(log())
    const gap = Buffer.from('\n[Output is missing here: the log could not be written]\n')
    const behindGap = (): Buffer => {
      const { bytes: now } = kept()
      return now.subarray(now.lastIndexOf(gap) + gap.length)
    }
    const input = Buffer.concat([all, Buffer.from('more\n')])
    child.stdin.write('more\n')
    const isWritten = (): boolean => kept().bytes.includes(gap) && behindGap().includes('more\n')
    await eventually(isWritten, { what: 'the first line that there was room for again' })
    child.stdin.end()
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(input.subarray(-behindGap().length).equals(behindGap())).toBe(true)
  })

  it('loses nothing of what comes once there is room again', async () => {
    const disk = await scope.use(smallDisk())
    logs = disk.path
    const child = start()
    disk.fill()
    child.stdin.write('lost\n')
    await eventually(() => findsNoRoom(child), { what: 'a writer that finds no room' })
    disk.free()
    child.stdin.end('first 100% \\0 é\0\nsecond\n')
    expect(await once(child, 'exit')).toEqual([0, null])
    const gap = '\n[Output is missing here: the log could not be written]\n'
    expect(kept().bytes.toString()).toBe(`${gap}first 100% \\0 é\0\nsecond\n`)
  })
})

describe('a log in parts', () => {
  it('is read exactly to the last lines, back over all parts, and says what was removed', async () => {
    const child = start()
    const all = linesUpTo(20_000)
    child.stdin.end(all)
    await once(child, 'exit')
    const whole = all.toString().split('\n').slice(0, -1)
    const texts = (page: ReturnType<typeof readLastLines>): string[] =>
      page?.lines.map(({ bytes }) => bytes.toString()) ?? []
    expect(texts(readLastLines(log(), { last: 5, before: null }))).toEqual(whole.slice(-5))
    const most = readLastLines(log(), { last: 20_000, before: null })
    expect(most).toMatchObject({ isCut: true })
    expect(texts(most)).toEqual(whole.slice(-(most?.lines.length ?? 0)))
    const backwards: string[] = []
    let before: number | null = null
    for (let isCut = false; !isCut; ) {
      const page = readLastLines(log(), { last: 333, before })
      backwards.unshift(...texts(page))
      before = page?.start ?? 0
      isCut = page?.isCut ?? true
    }
    expect(backwards).toEqual(texts(most))
  })

  it('is followed over its parts, and one who fell behind is told so', async () => {
    const child = start()
    const [fast, slow] = [new LogParts(log()), new LogParts(log())]
    child.stdin.write(linesUpTo(1000))
    await eventually(() => kept().bytes.equals(linesUpTo(1000)), { what: 'the first lines' })
    const seen: string[] = []
    let next = 0
    let count = 1000
    const take = (): void => {
      const { lines, isCut } = readLinesFrom(fast, next)
      const whole = lines.filter(({ final }) => final)
      expect(isCut).toBe(false)
      seen.push(...whole.map(({ bytes }) => bytes.toString()))
      next = whole.at(-1)?.end ?? next
    }
    take()
    expect(readLinesFrom(slow, 0).lines.length).toBe(1000)
    for (; count < 20_000; count += 500) {
      child.stdin.write(linesUpTo(count + 500).subarray(linesUpTo(count).length))
      const isRead = (): boolean => {
        take()
        return seen.length >= count + 500
      }
      await eventually(isRead, { what: `line ${count + 500}` })
    }
    expect(seen.join('\n')).toBe(linesUpTo(count).toString().trimEnd())
    const { lines, isCut } = readLinesFrom(slow, linesUpTo(1000).length)
    expect([
      isCut,
      lines[0]?.bytes.toString() === line(Number(lines[0]?.bytes.toString().split(' ')[0])).trimEnd(),
    ]).toEqual([true, true])
    child.stdin.end()
    await once(child, 'exit')
  })
})

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended meanwhile.
  }
}
