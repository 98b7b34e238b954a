import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { orchProgram } from '../harness/orch.ts'
import { killProcesses } from '../harness/processes.ts'
import { perTest } from '../harness/scope.ts'
import { tmuxServer } from '../harness/tmux-server.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { openCodePlace } from './support/place.ts'

const scope = perTest()
const run = promisify(execFile)

it('attach shows an agent in its own viewer on a terminal, and closing it leaves the agent as it is', async () => {
  const model = await scope.use(startScriptedModel())
  const place = await scope.use(openCodePlace({ model }))
  const id = await place.spawn('Say it [[answer: seenhere]]')
  await place.orch('wait', id, '--until', 'idle')
  expect(await place.orch('attach', id)).toMatchObject({ code: 64, stdout: '' })

  const socket = join(place.env.HOME as string, 'terminal')
  const words = [process.execPath, orchProgram, 'attach', id]
  const env = { ...place.env, TERM: 'xterm-256color' }
  await run('tmux', ['-S', socket, '-f', '/dev/null', 'new-session', '-d', '-x', '120', '-y', '40', ...words], {
    env,
    cwd: place.project,
  })
  const { tmux, process: terminal } = tmuxServer(socket)
  scope.defer(async () => {
    const left = await terminal()
    if (left !== undefined) await killProcesses([left])
  })
  await eventually(async () => (await tmux('capture-pane', '-p')).includes('seenhere'), { timeoutMs: 60_000 })
  await tmux('send-keys', 'C-c')
  await eventually(async () => (await terminal()) === undefined, { timeoutMs: 20_000, what: 'the end of the viewer' })
  expect(await place.agent(id)).toMatchObject({ state: 'idle', reason: { code: 'TURN_ENDED' } })
}, 120_000)
