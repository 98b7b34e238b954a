import { expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { perFile } from '../../../tests/harness/scope.ts'
import { type Spoil, startProxy } from '../../../tests/harness/start-proxy.ts'
import { opencode } from '../src/index.ts'
import { startAgent } from './support/agents.ts'
import { openSite } from './support/open-code-world.ts'

const scope = perFile()
const { signal } = new AbortController()

it('stop ends the turn of a message that arrives when its session has just been put away', async () => {
  const site = await openSite(scope)
  await site.open().server?.start(signal)
  const { url, password } = site.record()
  const proxy = await scope.use(startProxy({ target: url }))
  const { stateDirectory, environment } = site
  const host = { name: 'late', stateDirectory, namespace: 'test00000000', env: environment.env }
  const backend = opencode({ server: proxy.url, password })(host)
  const agent = await startAgent(backend, site.request({ target: backend.target }), '[[answer: done]]')
  await agent.ended()
  const { sessionId, directory } = agent.ref().handle as { sessionId: string; directory: string }
  const isAtWork = async (): Promise<boolean> => sessionId in (await site.call<object>('/session/status', directory))
  const late: Spoil = async function* (body) {
    await site.prompt(sessionId, directory, '[[hold: late]]')
    await eventually(isAtWork, { what: 'a turn in the session that is put away' })
    yield* body
  }
  proxy.intercept(({ method }) => (method === 'PATCH' ? { spoil: late } : 'pass'))
  const { proven, evidence } = await backend.stop(agent.ref(), signal)
  expect(proven).toBe(true)
  expect(evidence.map(({ detail }) => detail)).toEqual([
    `the turn of session "${sessionId}" was aborted and has ended`,
    `session "${sessionId}" is put away and runs no turn`,
  ])
  expect(await isAtWork()).toBe(false)
  await backend.close()
})
