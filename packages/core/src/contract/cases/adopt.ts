import type { Adoptable, AdoptRequest, AgentRef, Backend, CreateResult } from '../../backend.ts'
import { isOrchError } from '../../errors.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, checkEqual, checkRejects, settle } from '../check.ts'
import { existenceOf, foundIds } from '../looks.ts'

export const adoptCases: readonly ContractCase[] = [
  {
    id: 'adopt-lists-what-nobody-made',
    requires: ['adopt'],
    because: 'who adopts by a list must find what runs, and must not be offered an agent of orch',
    async run(t) {
      const { ref } = await t.create()
      const stranger = await startStranger(t)
      const places = (await listed(t, stranger.server)).map(({ place }) => place)
      check(places.includes(stranger.place), 'adoptable() lists what runs and was not made by orch')
      checkEqual(places.length, new Set(places).size, 'adoptable() lists each place once')
      const other = await t.open({ namespace: 'stranger0000' })
      const seen = await listed(t, stranger.server, other)
      checkEqual(
        seen.map(({ place }) => place).sort(),
        places.sort(),
        'adoptable() offers no agent of another registry',
      )
      check(!seen.some(({ detail }) => detail.includes(ref.id)), 'adoptable() offers no agent')
      checkEqual(JSON.parse(JSON.stringify(seen)), seen, 'the results of adoptable() are the same after JSON')
      t.adopt((await take(t, await offerOf(t, stranger))).agent)
    },
  },
  {
    id: 'adopt-makes-it-an-agent',
    requires: ['adopt'],
    because: 'what was taken over must be found after a crash, and listed and ended as any other agent',
    async run(t) {
      const { agent, result, stranger } = await adopted(t)
      check(result.begun, 'the result of adopt() is begun: nobody gives it a task')
      checkEqual(await existenceOf(t, agent), 'present', 'an adopted agent is there')
      checkEqual(await foundIds(t, [agent.target]), [agent.id], 'find() shows the adopted agent once, under its id')
      const found = await t.backend.find([agent.target], t.signal)
      checkEqual(
        found.map(({ begun }) => begun),
        ['yes'],
        'find() says that the adopted agent has its task',
      )
      const left = (await listed(t, stranger.server)).map(({ place }) => place)
      check(!left.includes(stranger.place), 'adoptable() does not list what was adopted')
      const other = await t.open({ namespace: 'stranger0000' })
      checkEqual(
        await other.find([agent.target], t.signal),
        [],
        'find() of another registry does not show what was adopted',
      )
    },
  },
  {
    id: 'adopt-claims-nothing-about-its-end',
    requires: ['adopt'],
    because: 'how something ends that orch did not start is often seen by nobody',
    async run(t) {
      const { agent } = await adopted(t)
      const { process, existence } = await t.observe(agent)
      check(
        !process.known || (process.value.alive && process.value.exit === null),
        'an adopted agent has no exit while it runs',
      )
      check(existence.known && existence.evidence.detail !== '', 'what is seen of an adopted agent has its evidence')
    },
  },
  {
    id: 'adopt-by-two-at-once-makes-one',
    requires: ['adopt'],
    because: 'two people that take over one window would both end it, and each is told that it is theirs',
    async run(t) {
      const offer = await offerOf(t, await startStranger(t))
      const other = await t.open()
      const ends = await Promise.all([settle(take(t, offer)), settle(take(t, offer, other))])
      const refused = ends.flatMap((end) => ('error' in end ? [codeOf(end.error)] : []))
      const made = ends.flatMap((end) => ('value' in end ? [end.value] : []))
      for (const { agent } of made) t.adopt(agent)
      checkEqual(refused, ['AGENT_EXISTS'], 'of two adopt() at once one is refused with AGENT_EXISTS')
      checkEqual(made.length, 1, 'of two adopt() at once one takes it over')
    },
  },
  {
    id: 'adopt-of-nothing-is-refused',
    requires: ['adopt'],
    because: 'a record of an agent that never was is shown as one that ended',
    async run(t) {
      const stranger = await startStranger(t)
      const nothing = { ...(await offerOf(t, stranger)), place: `${stranger.place}0987` }
      const request = { id: t.world.request().id, place: nothing.place, target: nothing.target }
      await checkRejects(
        call(t.backend, request, t),
        ['AGENT_NOT_FOUND'],
        'adopt() of nothing rejects with AGENT_NOT_FOUND',
      )
      checkEqual(await foundIds(t, [nothing.target]), [], 'adopt() of nothing makes no agent')
      t.adopt((await take(t, await offerOf(t, stranger))).agent)
    },
  },
  {
    id: 'adopt-then-stop-ends-it',
    requires: ['adopt'],
    because: 'completing or abandoning it is said to have ended it, and then it must have',
    async run(t) {
      const { agent } = await adopted(t)
      const { proven } = await t.backend.stop(agent, t.signal)
      check(proven, 'stop() of an adopted agent proves its end')
      checkEqual(await existenceOf(t, agent), 'gone', 'an adopted agent that was stopped is gone')
      checkEqual(await foundIds(t, [agent.target]), [], 'find() does not show an adopted agent that was stopped')
    },
  },
]

interface Stranger {
  readonly place: string
  readonly server: string | null
}

interface Adopted {
  readonly agent: AgentRef
  readonly result: CreateResult
}

async function startStranger(t: CaseContext): Promise<Stranger> {
  check(t.world.stranger !== undefined, 'a world of a backend with the capability "adopt" has stranger()')
  return await t.world.stranger()
}

function listed(t: CaseContext, server: string | null, client: Backend = t.backend): Promise<readonly Adoptable[]> {
  check(client.adoptable !== undefined, 'a backend with the capability "adopt" has adoptable()')
  return client.adoptable(server, t.signal)
}

async function offerOf(t: CaseContext, stranger: Stranger): Promise<Adoptable> {
  const offer = (await listed(t, stranger.server)).find(({ place }) => place === stranger.place)
  check(offer !== undefined, 'adoptable() lists what runs and was not made by orch')
  return offer
}

async function take(t: CaseContext, offer: Adoptable, client: Backend = t.backend): Promise<Adopted> {
  const { target, directory, place } = offer
  const request = t.world.request()
  const result = await call(client, { id: request.id, place, target }, t)
  const agent = { id: request.id, target, directory: directory ?? request.directory, handle: result.handle }
  return { agent: { ...agent, facts: null, attempts: [] }, result }
}

async function adopted(t: CaseContext): Promise<Adopted & { readonly stranger: Stranger }> {
  const stranger = await startStranger(t)
  const { agent, result } = await take(t, await offerOf(t, stranger))
  return { agent: t.adopt(agent), result, stranger }
}

function call(client: Backend, request: AdoptRequest, t: CaseContext): Promise<CreateResult> {
  check(client.adopt !== undefined, 'a backend with the capability "adopt" has adopt()')
  return client.adopt(request, t.signal)
}

function codeOf(error: unknown): string {
  return isOrchError(error) ? error.code : String(error)
}
