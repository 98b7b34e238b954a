import { expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { orchProgram } from '../harness/orch.ts'
import { perTest } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { openCodePlace } from './support/place.ts'
import { openTerminal } from './support/terminal.ts'

const scope = perTest()

it('attach shows an agent in its own viewer on a terminal, and closing it leaves the agent as it is', async () => {
  const model = await scope.use(startScriptedModel())
  const place = await scope.use(openCodePlace({ model }))
  const id = await place.spawn('Say it [[answer: seen\nhere]]')
  await place.orch('wait', id, '--until', 'idle')
  expect(await place.orch('attach', id)).toMatchObject({ code: 64, stdout: '' })

  const terminal = await scope.use(openTerminal(place, process.execPath, orchProgram, 'attach', id))
  await eventually(async () => /^\W*here\W*$/m.test(await terminal.screen()), { timeoutMs: 60_000 })
  await terminal.press('C-c')
  await eventually(async () => (await terminal.process()) === undefined, { timeoutMs: 20_000 })
  expect(await place.agent(id)).toMatchObject({ state: 'idle', reason: { code: 'TURN_ENDED' } })
}, 120_000)
