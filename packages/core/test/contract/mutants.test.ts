import { afterAll, describe, expect, it } from '@jest/globals'
import { BACKEND_CASES, runCase } from '../../src/contract/index.ts'
import { createMatrix } from './matrix.ts'
import { memoryWorld } from './memory-world.ts'
import { MUTANTS } from './mutants/all.ts'

const PATIENCE_MS = 400
const matrix = createMatrix('backend', BACKEND_CASES)

afterAll(() => matrix.print())

describe('each case of the backend contract', () => {
  it('has a broken backend that must fail it', () => {
    const claimed = new Set(MUTANTS.flatMap((mutant) => Object.keys(mutant.fails)))
    expect(BACKEND_CASES.map(({ id }) => id).filter((id) => !claimed.has(id))).toEqual([])
  })

  it('has an id of its own', () => {
    const ids = BACKEND_CASES.map(({ id }) => id)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })
})

for (const mutant of MUTANTS) {
  describe(`a backend where ${mutant.name}`, () => {
    for (const [id, claim] of Object.entries(mutant.fails)) {
      it(`fails ${id}`, async () => {
        const found = BACKEND_CASES.find((entry) => entry.id === id)
        if (!found) throw new Error(`Cannot find case "${id}": no case has this id`)
        const outcome = await runCase(found, () => memoryWorld(mutant.options, mutant.break), PATIENCE_MS)
        if (outcome.passed) throw new Error(`Case "${id}" passed`)
        expect(outcome.error.message).toContain(claim)
        expect(outcome.during).toBe('case')
        matrix.add(id, mutant.name)
      })
    }
  })
}
