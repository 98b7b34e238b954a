import { spawn } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import type { StatusDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { orchProgram } from '../harness/orch.ts'
import { isAlive, type ProcessInfo } from '../harness/processes.ts'
import { perTest } from '../harness/scope.ts'
import { type Place, receivedBy, tmuxPlace } from './support/place.ts'
import { interactiveAgent } from './support/program.ts'
import { openTerminal } from './support/terminal.ts'

const scope = perTest()

/** Starts an agent, and with it the first tmux server, then waits for it in the same session and group. */
const SPAWN_AND_WAIT = [
  ...['-c', 'id=$("$0" "$@") && exec "$0" "$1" wait "$id"', process.execPath, orchProgram],
  ...['spawn', 'Task', ...interactiveAgent],
]

/** The only agent, once it has its task. */
async function awaitedAgent(place: Place): Promise<string> {
  const id = await eventually(
    async () => (await place.json<StatusDocument>('status')).agents.find(({ state }) => state === 'running')?.id,
    { what: 'the agent' },
  )
  await eventually(async () => (await receivedBy(place, id)).length > 0, { what: 'the task' })
  return id
}

/** The orch that waits for the agent. */
function waitingOrch(place: Place): Promise<ProcessInfo> {
  const isWaiting = ({ argv }: ProcessInfo): boolean => argv.includes(orchProgram) && argv.includes('wait')
  return eventually(async () => (await place.processes()).find(isWaiting), { what: 'the orch that waits' })
}

async function expectUnharmed(place: Place, id: string): Promise<void> {
  expect(await place.agent(id)).toMatchObject({ state: 'running' })
  expect(await place.json('send', id, 'still there?')).toMatchObject({ code: 0 })
  await eventually(async () => (await receivedBy(place, id)).at(-1) === 'still there?', { what: 'the message' })
}

describe('the tmux server and its agents', () => {
  it('outlive the terminal in which orch started them', async () => {
    const place = await scope.use(tmuxPlace())
    const terminal = await openTerminal(place, '/bin/sh', ...SPAWN_AND_WAIT)
    const id = await awaitedAgent(place)
    const orch = await waitingOrch(place)
    await terminal[Symbol.asyncDispose]()
    await eventually(async () => !(await isAlive(orch)), { what: 'the end of orch, which lost its terminal' })
    await expectUnharmed(place, id)
  })

  it('outlive every process of the group and of the session in which orch started them', async () => {
    const place = await scope.use(tmuxPlace())
    spawn('/bin/sh', SPAWN_AND_WAIT, { cwd: place.project, env: place.env, detached: true, stdio: 'ignore' })
    const id = await awaitedAgent(place)
    const orch = await waitingOrch(place)
    expect((await place.tmux.process())?.session).not.toBe(orch.session)
    process.kill(-orch.session, 'SIGKILL')
    await eventually(async () => !(await isAlive(orch)), { what: 'the end of the group' })
    await expectUnharmed(place, id)
  })
})
