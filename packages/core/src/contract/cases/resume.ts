import type { AgentRef, Backend, CreateRequest, CreateResult } from '../../backend.ts'
import { isOrchError } from '../../errors.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, checkEqual, checkRejects, settle } from '../check.ts'
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
    id: 'resume-brings-back-an-ended-program',
    requires: ['resume', 'programs'],
    because: 'a program that crashed or was killed is the usual reason to go on with its conversation',
    async run(t) {
      const request = t.world.request({ prompt: t.world.prompts.exit(3) })
      const { ref: agent, result } = await t.create(request)
      if (!result.begun) await t.backend.begin(agent, t.message(request.prompt), t.signal)
      await ended(t, agent)
      const { handle, begun } = await resume(t, agent, request)
      check(begun, 'the result of resume() is begun: its task is not given again')
      const again = t.adopt({ ...agent, handle })
      await t.eventually(
        'the program of a resumed agent runs, and the exit of its last run is not its own',
        async () => {
          const { process } = await t.observe(again)
          return (process.known && process.value.alive && process.value.exit === null) || undefined
        },
      )
      await checkRejects(resume(t, again, request), ['AGENT_EXISTS'], 'a second resume() finds the agent there')
    },
  },
  {
    id: 'resume-by-two-at-once-makes-one',
    requires: ['resume'],
    because: 'after a crash several people and scripts bring the same agents back',
    async run(t) {
      const { request, agent } = await spoken(t)
      const other = await t.open()
      await t.killServer()
      const ends = await Promise.all([settle(resume(t, agent, request)), settle(resume(t, agent, request, other))])
      const [made] = ends.flatMap((end) => ('value' in end ? [end.value] : []))
      const refused = ends.flatMap((end) => ('error' in end ? [codeOf(end.error)] : []))
      checkEqual(refused, ['AGENT_EXISTS'], 'of two resume() at once one is refused with AGENT_EXISTS')
      check(made !== undefined, 'of two resume() at once one brings the agent back')
      const again = t.adopt({ ...agent, handle: made.handle })
      checkEqual(await existenceOf(t, again), 'present', 'the agent that one of two resume() made is there')
      checkEqual(await foundIds(t), [agent.id], 'after two resume() at once find() shows one agent')
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

async function ended(t: CaseContext, agent: AgentRef): Promise<void> {
  await t.eventually('the process is seen to have ended', async () => {
    const { process } = await t.observe(agent)
    return (process.known && !process.value.alive) || undefined
  })
}

function resume(
  t: CaseContext,
  agent: AgentRef,
  request: CreateRequest,
  client: Backend = t.backend,
): Promise<CreateResult> {
  check(client.resume !== undefined, 'a backend with the capability "resume" has resume()')
  return client.resume(agent, request, t.signal)
}

function codeOf(error: unknown): string {
  return isOrchError(error) ? error.code : String(error)
}
