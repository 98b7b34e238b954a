import type { ContractCase } from '../case.ts'
import { check, settle } from '../check.ts'
import { begun } from '../situations.ts'

const READ = { last: 1, before: null, raw: false }

export const abortCases: readonly ContractCase[] = [
  {
    id: 'abort-before-a-call-rejects-it',
    requires: [],
    because: 'a command that was cancelled must not go on step by step',
    async run(t) {
      const agent = await begun(t)
      const reason = new Error('given up')
      const aborted = AbortSignal.abort(reason)
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        probe: () => t.backend.probe(aborted),
        find: () => t.backend.find([agent.target], aborted),
        observe: () => t.backend.observe([agent], aborted),
        read: () => t.backend.read(agent, READ, aborted),
        stop: () => t.backend.stop(agent, aborted),
      }
      for (const [name, call] of Object.entries(calls)) {
        const outcome = await settle(call())
        check(
          'error' in outcome && outcome.error === reason,
          `${name}() under an aborted signal rejects with its reason`,
        )
      }
      const { existence } = await t.observe(agent)
      check(existence.known && existence.value === 'present', 'stop() under an aborted signal stopped nothing')
    },
  },
  {
    id: 'abort-ends-a-call-that-waits',
    requires: [],
    because: 'Ctrl-C must work when the server does not',
    async run(t) {
      const agent = await begun(t)
      const reason = new Error('given up')
      const controller = new AbortController()
      const outcome = await t.whileFrozen('find() ends when its signal aborts', () => {
        const found = settle(t.backend.find([agent.target], controller.signal))
        controller.abort(reason)
        return found
      })
      check('error' in outcome && outcome.error === reason, 'find() that waits rejects with the reason of the abort')
    },
  },
  {
    id: 'abort-ends-events-of-a-mute-server',
    requires: [],
    because: 'tail -f must end when asked to, also while nothing is heard',
    async run(t) {
      const agent = await begun(t)
      const controller = new AbortController()
      await t.whileFrozen('events() returns when its signal aborts', async () => {
        const events = t.backend.events([agent], { content: true, raw: false }, controller.signal)
        const heard = (async () => {
          for await (const _event of events);
        })()
        controller.abort(new Error('given up'))
        const outcome = await settle(heard)
        check('value' in outcome, 'events() returns, and does not throw, when its signal aborts')
      })
    },
  },
]
