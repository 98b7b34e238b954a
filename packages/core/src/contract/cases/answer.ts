import type { ContractCase } from '../case.ts'
import { check, checkEqual } from '../check.ts'
import { answerTo, openRequest } from '../looks.ts'
import { begun, waiting } from '../situations.ts'

export const answerCases: readonly ContractCase[] = [
  {
    id: 'answer-shows-the-request',
    requires: ['requests'],
    because: 'a person decides by what the request says',
    async run(t) {
      const request = await openRequest(t, await waiting(t))
      check(request.id !== '' && request.text !== '', 'a request has an id and says what is asked')
      check(request.answerable, 'a request of a backend that answers requests is answerable')
      checkEqual(JSON.parse(JSON.stringify(request)), request, 'a request is the same after JSON')
    },
  },
  {
    id: 'answer-lets-the-agent-go-on',
    requires: ['requests', 'turns'],
    because: 'an answer that does not reach the agent leaves it waiting for ever',
    async run(t) {
      const agent = await waiting(t)
      const request = await openRequest(t, agent)
      const { result } = await answerTo(t, agent, request)
      checkEqual(result, 'answered', 'the first answer to an open request is "answered"')
      await t.turn(agent, 'ended')
      const { requests } = await t.observe(agent)
      check(requests.known && requests.value.length === 0, 'an answered request is not open any more')
    },
  },
  {
    id: 'answer-counts-once',
    requires: ['requests'],
    because: 'two people may answer the same request; only one of them decided',
    async run(t) {
      const agent = await waiting(t)
      const request = await openRequest(t, agent)
      const first = await answerTo(t, agent, request)
      const second = await answerTo(t, agent, request)
      checkEqual(first.result, 'answered', 'the first answer is "answered"')
      check(second.result !== 'answered', 'the second answer to the same request is "already" or "gone"')
    },
  },
  {
    id: 'answer-of-no-request-decides-nothing',
    requires: ['requests'],
    because: 'an answer meant for a request that is over must not decide another one',
    async run(t) {
      const agent = await waiting(t)
      const request = await openRequest(t, agent)
      const { result } = await answerTo(t, agent, { ...request, id: `${request.id}0` })
      check(result !== 'answered', 'an answer to an unknown request is not "answered"')
      checkEqual((await openRequest(t, agent)).id, request.id, 'the open request is still open')
    },
  },
  {
    id: 'answer-closes-only-its-request',
    requires: ['requests'],
    because: 'two agents may ask the same thing',
    async run(t) {
      const [one, two] = [await waiting(t), await waiting(t)]
      const [first, second] = [await openRequest(t, one), await openRequest(t, two)]
      check(first.id !== second.id, 'requests of two agents have different ids')
      await answerTo(t, one, first)
      const { requests } = await t.observe(two)
      check(
        requests.known && requests.value.some(({ id }) => id === second.id),
        'the request of the other agent is still open',
      )
    },
  },
  {
    id: 'answer-shows-no-request-when-none-is-open',
    requires: ['requests'],
    because: 'an agent that only worked must not look as if it waited',
    async run(t) {
      const { requests } = await t.observe(await begun(t))
      check(requests.known, 'a backend that shows requests knows that there is none')
      checkEqual(requests.value, [], 'an agent that asked nothing has no open request')
    },
  },
  {
    id: 'answer-is-never-needed-under-deny',
    requires: ['requests', 'turns', 'models'],
    because: 'an unattended agent that waits for a person waits for ever',
    async run(t) {
      const prompt = t.world.prompts.ask('May I go on')
      const { ref, result } = await t.create(t.world.request({ prompt, permission: 'deny' }))
      if (!result.begun) await t.backend.begin(ref, t.message(prompt), t.signal)
      await t.turn(ref, 'ended')
      const { requests } = await t.observe(ref)
      check(requests.known && requests.value.length === 0, 'an agent that may ask nothing has no request')
    },
  },
]
