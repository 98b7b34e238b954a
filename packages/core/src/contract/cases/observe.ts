import { type AgentRef, NOT_SHOWN, type Observation } from '../../backend.ts'
import type { ContractCase } from '../case.ts'
import { check, checkEqual } from '../check.ts'
import { existenceOf, foundIds, wordOf } from '../looks.ts'
import { begun } from '../situations.ts'

const SHOWN_BY = { process: 'programs', turn: 'turns', requests: 'requests' } as const

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
      const { ref } = await t.create()
      const strangers = Array.from({ length: 49 }, (_, index) => ({ ...ref, id: `${ref.id}-${index}`, handle: null }))
      const { observations } = await t.backend.observe([...strangers, ref], t.signal)
      checkEqual(ids(observations), ids([...strangers, ref]), 'observe() answers for fifty agents')
      const present = observations.filter((seen) => wordOf(seen) === 'present').map(({ id }) => id)
      checkEqual(present, [ref.id], 'of fifty ids only the created one is present')
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

function ids(entries: readonly (AgentRef | Observation)[]): string[] {
  return entries.map(({ id }) => id).sort()
}
