import type { AgentRef, BackendEvent } from '../../backend.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, checkEqual, settle } from '../check.ts'
import { answerTo, countReceived, existenceOf, foundIds, openRequest } from '../looks.ts'
import { begun, waiting, working } from '../situations.ts'

const READ = { last: 1, before: null, raw: false }
const QUERY = { content: true, raw: false }
const GIVEN_UP = new Error('given up')

type Calls = Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>>

export const abortCases: readonly ContractCase[] = [
  {
    id: 'abort-before-a-call-rejects-it',
    requires: [],
    because: 'a command that was cancelled must not go on step by step',
    async run(t) {
      const agent = await begun(t)
      await checkRejected({ ...looksAt(t, agent), stop: (signal) => t.backend.stop(agent, signal) })
      checkEqual(await existenceOf(t, agent), 'present', 'stop() under an aborted signal stopped nothing')
    },
  },
  {
    id: 'abort-before-begin-gives-nothing',
    requires: [],
    because: 'a task that was cancelled must not be worked on',
    async run(t) {
      const prompt = t.world.prompts.answer('the task')
      const { ref, result } = await t.create(t.world.request({ prompt }))
      await checkRejected({ begin: (signal) => t.backend.begin(ref, t.message('cancelled'), signal) })
      if (!result.begun) await t.backend.begin(ref, t.message(prompt), t.signal)
      await t.rest(ref, prompt)
      checkEqual(await countReceived(t, ref, 'cancelled'), 0, 'begin() under an aborted signal gives nothing')
    },
  },
  {
    id: 'abort-before-answer-decides-nothing',
    requires: ['requests'],
    because: 'a permission that was not given must not be used',
    async run(t) {
      const agent = await waiting(t)
      const request = await openRequest(t, agent)
      await checkRejected({ answer: (signal) => answerTo(t, agent, request, signal) })
      checkEqual((await openRequest(t, agent)).id, request.id, 'answer() under an aborted signal decides nothing')
    },
  },
  {
    id: 'abort-before-interrupt-ends-nothing',
    requires: ['interrupt', 'turns'],
    because: 'work that goes on as wished must not be lost',
    async run(t) {
      const agent = await working(t)
      await checkRejected({ interrupt: async (signal) => t.backend.interrupt?.(agent, signal) })
      const { turn } = await t.observe(agent)
      check(turn.known && turn.value.status === 'running', 'interrupt() under an aborted signal ends nothing')
    },
  },
  {
    id: 'abort-before-resume-makes-nothing',
    requires: ['resume'],
    because: 'an agent that nobody waits for any more must not come back',
    async run(t) {
      const request = t.world.request()
      const { ref } = await t.create(request)
      await t.killServer()
      await checkRejected({ resume: async (signal) => t.backend.resume?.(ref, request, signal) })
      await t.create()
      check(!(await foundIds(t)).includes(ref.id), 'resume() under an aborted signal makes nothing')
    },
  },
  {
    id: 'abort-before-events-ends-them',
    requires: [],
    because: 'a subscription of a caller that has left would be kept for ever',
    async run(t) {
      const agent = await begun(t)
      const heard: BackendEvent[] = []
      const listening = (async () => {
        for await (const event of t.backend.events([agent], QUERY, AbortSignal.abort(GIVEN_UP))) heard.push(event)
      })()
      const outcome = await t.eventually('events() under an aborted signal returns', () => settleSoon(listening))
      check('value' in outcome, 'events() under an aborted signal returns, and does not throw')
    },
  },
  {
    id: 'abort-ends-a-call-that-waits',
    requires: [],
    because: 'Ctrl-C must work when the server does not',
    async run(t) {
      const agent = await begun(t)
      const { read, ...looks } = looksAt(t, agent)
      await checkEnded(t, looks)
      const { outcome, rejected } = await abortDuring(t, 'read', read)
      check(
        rejected || 'value' in outcome,
        'read() that waits rejects with the reason of the abort, or reads elsewhere',
      )
    },
  },
  {
    id: 'abort-during-an-act-is-whole-or-nothing',
    requires: [],
    because: 'what was cut off may have happened, and whoever looks must be able to tell, and to do it again',
    async run(t) {
      const [agent, other] = [await begun(t), await begun(t)]
      await checkEnded(t, {
        send: (signal) => t.backend.send(agent, t.message('cut off'), signal),
        begin: (signal) => t.backend.begin(agent, t.message('cut off too'), signal),
        stop: (signal) => t.backend.stop(other, signal),
      })
      const word = await existenceOf(t, other)
      check(['present', 'gone'].includes(word), `after a stop() that was cut off it is known what is there: "${word}"`)
      const { proven } = await t.backend.stop(other, t.signal)
      check(proven, 'stop() after one that was cut off is proven')
      const last = t.world.prompts.answer('the end')
      await t.send(agent, last)
      await t.rest(agent, last)
      check((await countReceived(t, agent, 'cut off')) <= 1, 'a message that was cut off arrives at most once')
    },
  },
  {
    id: 'abort-ends-an-answer-that-waits',
    requires: ['requests'],
    because: 'Ctrl-C must work when the server does not, and the request must stay answerable',
    async run(t) {
      const agent = await waiting(t)
      const request = await openRequest(t, agent)
      await checkEnded(t, { answer: (signal) => answerTo(t, agent, request, signal) })
      const { result } = await answerTo(t, agent, request, t.signal)
      check(
        ['answered', 'already', 'gone'].includes(result),
        'a request whose answer was cut off can be answered again',
      )
    },
  },
  {
    id: 'abort-ends-an-interrupt-that-waits',
    requires: ['interrupt', 'turns'],
    because: 'Ctrl-C must work when the server does not, and the agent must stay there',
    async run(t) {
      const agent = await working(t)
      await checkEnded(t, { interrupt: async (signal) => t.backend.interrupt?.(agent, signal) })
      checkEqual(await existenceOf(t, agent), 'present', 'the agent of an interrupt() that was cut off is there')
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
        const events = t.backend.events([agent], QUERY, controller.signal)
        const heard = (async () => {
          for await (const _event of events);
        })()
        controller.abort(GIVEN_UP)
        const outcome = await settle(heard)
        check('value' in outcome, 'events() returns, and does not throw, when its signal aborts')
      })
    },
  },
]

function looksAt(t: CaseContext, agent: AgentRef) {
  return {
    probe: (signal: AbortSignal) => t.backend.probe(signal),
    find: (signal: AbortSignal) => t.backend.find([agent.target], signal),
    observe: (signal: AbortSignal) => t.backend.observe([agent], signal),
    read: (signal: AbortSignal) => t.backend.read(agent, READ, signal),
  }
}

async function checkRejected(calls: Calls): Promise<void> {
  for (const [name, call] of Object.entries(calls)) {
    const outcome = await settle(call(AbortSignal.abort(GIVEN_UP)))
    const rejected = 'error' in outcome && outcome.error === GIVEN_UP
    check(rejected, `${name}() under an aborted signal rejects with its reason`)
  }
}

async function checkEnded(t: CaseContext, calls: Calls): Promise<void> {
  for (const [name, call] of Object.entries(calls)) {
    const { rejected } = await abortDuring(t, name, call)
    check(rejected, `${name}() that waits rejects with the reason of the abort`)
  }
}

/** Calls a server that does not answer, and aborts at once. */
async function abortDuring(t: CaseContext, name: string, call: Calls[string]) {
  const controller = new AbortController()
  const outcome = await t.whileFrozen(`${name}() ends when its signal aborts`, () => {
    const settled = settle(call(controller.signal))
    controller.abort(GIVEN_UP)
    return settled
  })
  return { outcome, rejected: 'error' in outcome && outcome.error === GIVEN_UP }
}

/** What became of work that is to be over by now; `undefined` while it goes on. */
function settleSoon<T>(work: Promise<T>): Promise<Awaited<ReturnType<typeof settle<T>>> | undefined> {
  return Promise.race([settle(work), new Promise<undefined>((resolve) => setImmediate(resolve, undefined))])
}
