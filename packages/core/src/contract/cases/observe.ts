import { type AgentRef, NOT_SHOWN, type Observation } from '../../backend.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, checkEqual } from '../check.ts'
import { existenceOf, foundIds, wordOf } from '../looks.ts'
import { begun } from '../situations.ts'

const SHOWN_BY = { process: 'programs', turn: 'turns', requests: 'requests', usage: 'usage' } as const

const FIELDS = ['existence', 'process', 'turn', 'requests', 'lastActivityAt', 'usage'] as const

export const observeCases: readonly ContractCase[] = [
  {
    id: 'observe-answers-for-each-agent',
    requires: [],
    because: 'an agent that is missing from an answer would silently be missing from status',
    async run(t) {
      const [one, ended, three] = [(await t.create()).ref, (await t.create()).ref, (await t.create()).ref]
      await t.backend.stop(ended, t.signal)
      const agents = [one, ended, three]
      const { observations } = await t.backend.observe(agents, t.signal)
      checkEqual(ids(observations), ids(agents), 'observe() returns one observation for each agent asked for')
      const words = agents.map(({ id }) => {
        const seen = observations.find((candidate) => candidate.id === id)
        return seen && wordOf(seen)
      })
      checkEqual(words, ['present', 'gone', 'present'], 'observe() tells the agents apart')
    },
  },
  {
    id: 'observe-of-many',
    requires: [],
    because: 'status of fifty agents is one look, and each answer must stand beside its own agent',
    async run(t) {
      const agents = await createMany(t, 50)
      const [one, ended] = [agents[0], agents[17]]
      check(one !== undefined && ended !== undefined, 'fifty agents were made')
      const strangers = agents.slice(0, 5).map((ref) => ({ ...ref, id: `${ref.id}-0`, handle: null }))
      checkEqual((await foundIds(t)).sort(), ids(agents), 'find() shows fifty agents, each once')
      const looksForOne = await countLooks(t, () => t.backend.observe([one], t.signal))
      const looksForAll = await countLooks(t, () => t.backend.observe(agents, t.signal))
      check(looksForAll <= looksForOne, `fifty agents take no more looks than one: ${looksForAll}, ${looksForOne}`)
      await t.backend.stop(ended, t.signal)
      const asked = [...strangers, ...agents.toReversed()]
      const { observations } = await t.backend.observe(asked, t.signal)
      checkEqual(ids(observations), ids(asked), 'observe() answers for fifty agents, each once')
      const absent = observations.filter((seen) => wordOf(seen) !== 'present')
      checkEqual(ids(absent), ids([...strangers, ended]), 'of fifty agents exactly the stopped one is not present')
      await inBatches(agents, (agent) => t.backend.stop(agent, t.signal))
    },
  },
  {
    id: 'observe-of-nobody',
    requires: [],
    because: 'status without agents still shows whether the backend is there',
    async run(t) {
      const seen = await t.backend.observe([], t.signal)
      checkEqual(seen.observations, [], 'observe() of no agents returns no observation')
      check(seen.complete, 'observe() of no agents is complete')
    },
  },
  {
    id: 'observe-carries-evidence',
    requires: [],
    because: 'a state without source and time cannot be explained, nor told from a stale one',
    async run(t) {
      const seen = await t.observe(await begun(t))
      check(!Number.isNaN(Date.parse(seen.at)), 'an observation carries its time')
      for (const name of FIELDS) {
        const field = seen[name]
        if (field.known) {
          check(field.evidence.detail !== '', `the known field "${name}" carries evidence`)
          check(!Number.isNaN(Date.parse(field.evidence.at)), `the evidence of "${name}" carries its time`)
        } else {
          check(field.reason.code !== '' && field.reason.text !== '', `the unknown field "${name}" carries a reason`)
        }
      }
    },
  },
  {
    id: 'observe-says-what-it-never-shows',
    requires: [],
    because: 'such an agent is running, and one that could not be looked at is unknown: they must not be mixed up',
    async run(t) {
      const seen = await t.observe(await begun(t))
      for (const [name, capability] of Object.entries(SHOWN_BY)) {
        const field = seen[name as keyof typeof SHOWN_BY]
        if (t.can(capability)) check(field.known, `with "${capability}" the field "${name}" is known`)
        else check(!field.known && field.reason.code === NOT_SHOWN, `without "${capability}" "${name}" is NOT_SHOWN`)
      }
    },
  },
  {
    id: 'observe-results-survive-json',
    requires: [],
    because: 'JSON is the interface, and facts are stored in the record',
    async run(t) {
      const seen = await t.observe(await begun(t))
      checkEqual(JSON.parse(JSON.stringify(seen)), seen, 'an observation is the same after JSON')
    },
  },
  {
    id: 'observe-agrees-with-find',
    requires: [],
    because: 'status lists orphans from the same look, without asking the server a second time',
    async run(t) {
      const agent = await begun(t)
      const { found } = await t.backend.observe([agent], t.signal)
      const shown = found?.map(({ id }) => id) ?? [agent.id]
      checkEqual(shown, await foundIds(t), 'what observe() found is what find() shows')
    },
  },
  {
    id: 'observe-of-a-mute-server-is-unknown',
    requires: [],
    because: 'absence of an answer is not absence of the agent; what is believed gone is cleaned away',
    async run(t) {
      const { ref } = await t.create()
      const seen = await t.whileFrozen('observe() answers by itself though the server does not', () =>
        t.backend.observe([ref], t.signal),
      )
      checkEqual(seen.observations.map(wordOf), ['unknown'], 'the agent of a server that does not answer is unknown')
      check(!seen.complete, 'a look that failed is not complete')
      check(!seen.server.ok && seen.server.error !== null, 'the server that did not answer is not ok, with a reason')
      checkEqual(await existenceOf(t, ref), 'present', 'the agent is present once the server answers again')
    },
  },
  {
    id: 'observe-starts-no-server',
    requires: [],
    because: 'status must not bring back what someone shut down',
    async run(t) {
      const { ref } = await t.create()
      await t.killServer()
      await t.observe(ref)
      const { ok } = await t.backend.probe(t.signal)
      check(!ok, 'after observe() the killed server is still down')
    },
  },
]

/** A few at once, as spawns on one machine are. */
async function inBatches<T, R>(entries: readonly T[], work: (entry: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < entries.length; start += 5)
    results.push(...(await Promise.all(entries.slice(start, start + 5).map(work))))
  return results
}

async function createMany(t: CaseContext, count: number): Promise<readonly AgentRef[]> {
  const requests = Array.from({ length: count }, () => t.world.request(t.world.light))
  return (await inBatches(requests, (request) => t.create(request))).map(({ ref }) => ref)
}

/** How many looks of its clients the world counted meanwhile; 0 where it cannot count. */
async function countLooks(t: CaseContext, work: () => Promise<unknown>): Promise<number> {
  const before = t.world.looks?.() ?? 0
  await work()
  return (t.world.looks?.() ?? 0) - before
}

function ids(entries: readonly (AgentRef | Observation)[]): string[] {
  return entries.map(({ id }) => id).sort()
}
