import type { ContractCase } from '../case.ts'
import { check } from '../check.ts'
import { SITUATIONS } from '../situations.ts'
import type { Situation } from '../world.ts'

/** One case for each situation: what the world declares to be known there must be known. */
export const knownCases: readonly ContractCase[] = (Object.keys(SITUATIONS) as Situation[]).map((situation) => ({
  id: `known-${situation}`,
  requires: SITUATIONS[situation].requires,
  because: '"unknown" is honest, and a backend that says it everywhere is useless',
  async run(t) {
    const { enter, least } = SITUATIONS[situation]
    const declared = t.world.known[situation] ?? []
    for (const field of least) check(declared.includes(field), `known.${situation} declares "${field}"`)
    const agent = await enter(t)
    for (const field of declared) {
      await t.eventually(`"${field}" is known of an agent that is ${situation}`, async () =>
        (await t.observe(agent))[field].known ? true : undefined,
      )
    }
  },
}))
