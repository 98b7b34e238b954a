import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { orchProgram } from '../harness/orch.ts'
import { descendantsOf } from '../harness/processes.ts'
import { perTest } from '../harness/scope.ts'
import { type Place, tmuxPlace } from './support/place.ts'

const scope = perTest()

/** 48 MB in lines of a hundred characters, once a file is there. */
const BURST = "echo begun; until [ -e go ]; do sleep 0.05; done; yes $(printf '%098d' 7) | head -n 480000; echo the end"

it('50 MB at once fill nobody’s memory: not of who reads nothing, nor of who is stopped, nor of the tmux server', async () => {
  const place = await scope.use(tmuxPlace())
  const id = await place.spawn('Print', '--program', '--', 'sh', '-c', BURST)
  await eventually(async () => (await place.orch('tail', '-n', '1000', id)).stdout.includes('begun'), {
    what: 'its start',
  })
  const server = Number(await place.tmux.tmux('display-message', '-p', '#{pid}'))
  const [unread, stopped] = [startUnread(place, id), startUnread(place, id)]
  for (const pid of [unread, stopped]) await connectionOf(pid)
  for (const pid of [stopped, await connectionOf(stopped)]) process.kill(pid, 'SIGSTOP')
  const before = { unread: await most(unread), server: await most(server) }
  await place.write('go', '')
  await eventually(async () => (await place.orch('tail', '-n', '1', id)).stdout === 'the end\n', {
    timeoutMs: 60_000,
    what: 'the end of the output',
  })
  expect((await most(unread)) - before.unread).toBeLessThan(80)
  expect((await most(server)) - before.server).toBeLessThan(16)
}, 120_000)

/** `tail -f` whose output nobody reads; it is killed with the test. */
function startUnread({ env, project }: Place, id: string): number {
  const child = spawn(process.execPath, [orchProgram, 'tail', '-f', id], { env, cwd: project })
  scope.defer(async () => {
    for (const { pid } of await descendantsOf(child.pid as number)) process.kill(pid, 'SIGKILL')
    child.kill('SIGKILL')
  })
  return child.pid as number
}

/** Once it listens, and so follows. */
async function connectionOf(pid: number): Promise<number> {
  const find = async (): Promise<number | undefined> => (await descendantsOf(pid))[0]?.pid
  return (await eventually(find, { what: 'its connection to tmux' })) as number
}

/** The most that a process ever had resident, in MiB. */
async function most(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}
