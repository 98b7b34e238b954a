import type { AgentRef, CreateRequest, CreateResult } from '../../backend.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, checkEqual, checkRejects } from '../check.ts'
import { countReceived, existenceOf, foundIds, read } from '../looks.ts'

export const resumeCases: readonly ContractCase[] = [
  {
    id: 'resume-goes-on-with-the-conversation',
    requires: ['resume'],
    because: 'a restart of the machine must not cost what was worked out in a long conversation',
    async run(t) {
      const { prompt, request, agent } = await spoken(t)
      await t.killServer()
      const result = await resume(t, agent, request)
      const again = t.adopt({ ...agent, handle: result.handle })
      checkEqual(await existenceOf(t, again), 'present', 'a resumed agent is there')
      checkEqual(await foundIds(t), [agent.id], 'find() shows the resumed agent once, under its id')
      const { items } = await read(t, again)
      check(
        items.some((item) => item.role !== 'user' && item.text?.includes('said before')),
        'the transcript of a resumed agent holds what it said before',
      )
      const next = t.world.prompts.answer('said after')
      await t.send(again, next)
      await t.rest(again, next)
      checkEqual(await countReceived(t, again, prompt), 1, 'a resumed agent is not given its task again')
    },
  },
  {
    id: 'resume-of-a-running-agent-is-refused',
    requires: ['resume'],
    because: 'two programs that go on with one conversation undo each other',
    async run(t) {
      const { request, agent } = await spoken(t)
      await checkRejects(
        resume(t, agent, request),
        ['AGENT_EXISTS'],
        'resume() of an agent that runs rejects with AGENT_EXISTS',
      )
      checkEqual(await foundIds(t), [agent.id], 'after a refused resume() there is still one agent')
    },
  },
  {
    id: 'resume-of-a-stopped-agent-is-refused',
    requires: ['resume'],
    because: 'what was completed or abandoned is over, and nobody watches it any more',
    async run(t) {
      const { request, agent } = await spoken(t)
      await t.backend.stop(agent, t.signal)
      await checkRejects(
        resume(t, agent, request),
        ['CREATE_FAILED'],
        'resume() of a stopped agent rejects with CREATE_FAILED',
      )
      checkEqual(await foundIds(t), [], 'after a refused resume() there is no agent')
    },
  },
]

interface Spoken {
  readonly prompt: string
  readonly request: CreateRequest
  readonly agent: AgentRef
}

/** An agent that has answered its task, and the request that made it. */
async function spoken(t: CaseContext): Promise<Spoken> {
  const prompt = t.world.prompts.answer('said before')
  const request = t.world.request({ prompt })
  const { ref: agent, result } = await t.create(request)
  if (!result.begun) await t.backend.begin(agent, t.message(prompt), t.signal)
  await t.rest(agent, prompt)
  return { prompt, request, agent }
}

function resume(t: CaseContext, agent: AgentRef, request: CreateRequest): Promise<CreateResult> {
  check(t.backend.resume !== undefined, 'a backend with the capability "resume" has resume()')
  return t.backend.resume(agent, request, t.signal)
}
