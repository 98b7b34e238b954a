import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { eventually } from './eventually.ts'
import {
  descendantsOf,
  isAlive,
  killProcesses,
  type ProcessInfo,
  processesMatching,
  processesWithEnvironment,
  processInfo,
  signalProcess,
} from './processes.ts'
import { perTest } from './scope.ts'

const scope = perTest()

/**
 * A shell that waits, with a child that waits; both carry the mark in environment and the outer one in its argv.
 * They are awaited: while a process becomes another program, its environment cannot be seen.
 */
async function family(mark: string): Promise<ProcessInfo[]> {
  const script = 'sleep 1000 & echo up; wait'
  const child = spawn('/bin/sh', ['-c', script, mark], { env: { MARK: mark }, stdio: ['ignore', 'pipe', 'ignore'] })
  scope.defer(async () => killProcesses(await processesWithEnvironment('MARK', mark)))
  await once(child.stdout, 'data')
  return eventually(async () => {
    const found = await processesWithEnvironment('MARK', mark)
    return found.map(({ argv }) => argv[0]).join(' ') === '/bin/sh sleep' && found
  })
}

describe('processes', () => {
  it('are found by environment, by command line and by descent', async () => {
    const mark = randomUUID()
    const marked = await family(mark)
    const pid = marked[0]?.pid as number
    expect(await processesMatching(mark)).toMatchObject([{ pid }])
    expect(await processesMatching(new RegExp(`${mark}$`))).toMatchObject([{ pid }])
    expect(await descendantsOf(pid)).toMatchObject([{ argv: ['sleep', '1000'], parentPid: pid }])
    expect(await processesWithEnvironment('MARK', `${mark}x`)).toEqual([])
  })

  it('are gone after killProcesses(), and a later process with the pid is another one', async () => {
    const mark = randomUUID()
    const all = await family(mark)
    await killProcesses(all)
    expect(await processesWithEnvironment('MARK', mark)).toEqual([])
    const self = await processInfo(process.pid)
    expect(self && (await isAlive(self))).toBe(true)
    expect(await isAlive({ pid: process.pid, startTime: '1' })).toBe(false)
    expect(signalProcess(all[0]?.pid as number, 'SIGTERM')).toBe(false)
  })

  it('are not ended when the search was so wide that it found this process or one above it', async () => {
    const mark = randomUUID()
    const marked = await family(mark)
    for (const pid of [process.pid, process.ppid]) {
      const own = await processInfo(pid)
      if (!own) throw new Error(`Cannot see process ${pid}`)
      await expect(killProcesses([...marked, own])).rejects.toThrow(`${pid} is this process or above it`)
    }
    expect(await processesWithEnvironment('MARK', mark)).toHaveLength(marked.length)
  })

  it('do not include zombies', async () => {
    const child = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec tail -f /dev/null'], { stdio: 'pipe' })
    scope.defer(() => child.kill('SIGKILL'))
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    await eventually(async () => (await processInfo(Number(line))) === undefined)
    expect(await descendantsOf(child.pid as number)).toEqual([])
  })
})
