import type { AgentRef, AgentRequest } from '@orch/core'
import { check, checkEqual } from '@orch/core/contract'
import type { ProgramCase, ProgramContext } from '../program-case.ts'

/** What it tells of its requests, and how they are answered. */
export const requestCases: readonly ProgramCase[] = [
  {
    id: 'request-is-answered',
    requires: ['turns', 'requests'],
    because: 'an agent that waits where nobody looks waits for ever',
    async run(t) {
      const agent = await t.spawn(t.place.prompts.ask('go on'))
      const { id, choices } = await asked(t, agent)
      const reply = { requestId: id, choice: choices[0]?.id ?? null, text: null }
      const { result } = (await t.backend.answer?.(agent, reply, t.signal)) ?? {}
      checkEqual(result, 'answered', 'answer() says that the program took it')
      await t.turn(agent, 'ended')
      checkEqual((await open(t, agent))?.length, 0, 'no request is open afterwards')
    },
  },
  {
    id: 'request-answered-by-a-person-is-closed',
    requires: ['turns', 'requests'],
    because: 'an answer must reach the dialog that it is for, or none',
    async run(t) {
      const agent = await t.spawn(t.place.prompts.ask('go on'))
      const { id, choices } = await asked(t, agent)
      await t.place.press(agent, ...t.place.closingKeys)
      await t.eventually('no open request', async () => (await open(t, agent))?.length === 0 || undefined)
      const reply = { requestId: id, choice: choices[0]?.id ?? null, text: null }
      const { result } = (await t.backend.answer?.(agent, reply, t.signal)) ?? {}
      check(result === 'already' || result === 'gone', 'a later answer finds the request closed')
    },
  },
]

function asked(t: ProgramContext, agent: AgentRef): Promise<AgentRequest> {
  return t.eventually('an open request that can be answered', async () =>
    (await open(t, agent))?.find(({ answerable }) => answerable),
  )
}

async function open(t: ProgramContext, agent: AgentRef): Promise<readonly AgentRequest[] | undefined> {
  const { requests } = await t.observe(agent)
  return requests.known ? requests.value : undefined
}
