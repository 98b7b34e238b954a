import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readdir, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { createPlace, type Place } from './harness/place.ts'
import { FROM_SOURCE, finished, MAIN, runOrch, startScript } from './harness/run-orch.ts'

let place: Place
beforeEach(() => {
  place = createPlace()
})
afterEach(() => place.remove())

/** Starts orch with one stream to a device that is always full. */
function startWithFull(stream: 'stdout' | 'stderr', words: readonly string[]): ChildProcess {
  const full = openSync('/dev/full', 'w')
  const stdio: StdioOptions = stream === 'stdout' ? ['ignore', full, 'pipe'] : ['ignore', 'pipe', full]
  const child = spawn(process.execPath, [...FROM_SOURCE, MAIN, ...words], { cwd: place.project, env: place.env, stdio })
  closeSync(full)
  return child
}

describe('stdout and stdin of the process', () => {
  it('spawn prints exactly the id and does not read stdin', async () => {
    const child = startScript(place, MAIN, ['spawn', 'Say hello [[answer: hello]]'])
    const { code, stdout, stderr } = await finished(child)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^say-hello-[a-z0-9-]+\n$/)
  })

  it('spawn - reads the task from stdin', async () => {
    const { code, stdout } = await runOrch(place, ['spawn', '-', '--json'], 'From stdin [[answer: hello]]')
    expect({ code, task: JSON.parse(stdout).agent.task }).toEqual({
      code: 0,
      task: expect.stringContaining('From stdin'),
    })
  })

  it('waits for who writes to a pipe that is the file, until it is interrupted', async () => {
    const pipe = join(place.folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const opened = async ({ pid }: ChildProcess): Promise<boolean> => {
      const folder = `/proc/${pid}/fd`
      const files = await Promise.all(
        (await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => '')),
      )
      return files.includes(pipe)
    }
    const child = startScript(place, MAIN, ['spawn', '--dry-run', '--file', pipe])
    await eventually(() => opened(child), { timeoutMs: 30_000 })
    child.kill('SIGINT')
    expect(await finished(child)).toMatchObject({ code: 130, stdout: '' })
    const read = runOrch(place, ['spawn', '--dry-run', '--file', pipe])
    await writeFile(pipe, 'From a pipe')
    expect(await read).toMatchObject({ code: 0, stdout: expect.stringContaining('From a pipe') })
  })

  it('ends quietly with 0 when nobody reads stdout any more', async () => {
    const spawned = await runOrch(place, ['spawn', 'Talk [[answer: hello]]'])
    const child = startScript(place, MAIN, ['tail', '-f', '--json', spawned.stdout.trim()])
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const [sent, stderr, [code, signal]] = await Promise.all([
      runOrch(place, ['send', spawned.stdout.trim(), 'More [[answer: again]]']),
      text(child.stderr),
      once(child, 'exit'),
    ])
    expect(sent.code).toBe(0)
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  })

  it('gives 74 when stdout takes no more', async () => {
    const child = startWithFull('stdout', ['status'])
    const [said, [code]] = await Promise.all([text(child.stderr as Readable), once(child, 'close')])
    expect({ code, said }).toEqual({
      code: 74,
      said: 'orch: Cannot write the answer to stdout: nothing more can be written there (ENOSPC)\n  → Free some space on that disk, then try again\n',
    })
  })

  it('names what was begun when stdout takes no more', async () => {
    const child = startWithFull('stdout', ['spawn', 'Say hello [[answer: hello]]'])
    const [said, [code]] = await Promise.all([text(child.stderr as Readable), once(child, 'close')])
    expect(code).toBe(74)
    expect(said).toMatch(/; what it began is "(say-hello-[^"]+)"\n {2}→ See it with "orch check \1"\n/)
  })

  it.each([
    [['nonsense'], 64, ''],
    [['nonsense', '--json'], 64, ''],
    [['status'], 0, 'No agents in '],
  ])('%j keeps its exit code and its answer when stderr takes no more', async (words, code, answer) => {
    const child = startWithFull('stderr', words)
    const [said, [ended]] = await Promise.all([text(child.stdout as Readable), once(child, 'close')])
    expect({ ended, said }).toEqual({ ended: code, said: expect.stringMatching(`^${answer}`) })
  })

  it('keeps its exit code when nobody reads stderr any more', async () => {
    const child = startScript(place, MAIN, ['nonsense'])
    child.stderr.destroy()
    expect(await once(child, 'exit')).toEqual([64, null])
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends a waiting command with %i and says nothing', async (signal, code) => {
    const spawned = await runOrch(place, ['spawn', 'Hang [[hang: on]]'])
    const child = startScript(place, MAIN, ['tail', '-f', '--json', spawned.stdout.trim()])
    child.stdout.once('data', () => child.kill(signal))
    expect(await finished(child)).toMatchObject({ code, signal: null, stderr: '' })
  })
})
