import { afterAll, describe, expect, it } from '@jest/globals'
import { REGISTRY_CASES, runRegistryCase } from '../../../src/contract/index.ts'
import { createMatrix } from '../matrix.ts'
import { jsonlWorld } from './jsonl-world.ts'
import { MUTANTS } from './mutants/all.ts'

const PATIENCE_MS = 500
const matrix = createMatrix('registry', REGISTRY_CASES)

afterAll(() => matrix.print())

describe('each case of the registry contract', () => {
  it('has a broken store that must fail it', () => {
    const claimed = new Set(MUTANTS.flatMap((mutant) => Object.keys(mutant.fails)))
    expect(REGISTRY_CASES.map(({ id }) => id).filter((id) => !claimed.has(id))).toEqual([])
  })

  it('has an id of its own', () => {
    const ids = REGISTRY_CASES.map(({ id }) => id)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })
})

for (const mutant of MUTANTS) {
  describe(`a store where ${mutant.name}`, () => {
    for (const [id, claim] of Object.entries(mutant.fails)) {
      it(`fails ${id}`, async () => {
        const found = REGISTRY_CASES.find((entry) => entry.id === id)
        if (!found) throw new Error(`Cannot find case "${id}": no case has this id`)
        const outcome = await runRegistryCase(found, () => jsonlWorld(mutant.break), PATIENCE_MS)
        if (outcome.passed) throw new Error(`Case "${id}" passed`)
        expect(outcome.error.message).toContain(claim)
        matrix.add(id, mutant.name)
      })
    }
  })
}
