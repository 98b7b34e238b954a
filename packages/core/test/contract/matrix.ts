import { writeSync } from 'node:fs'

/** Which broken implementation was seen to fail which case. */
export interface Matrix {
  add(id: string, mutant: string): void
  /** Prints a line for each case, with the mutants that failed it for its stated reason. */
  print(): void
}

/** A matrix of the cases of one contract. */
export function createMatrix(contract: string, cases: readonly { readonly id: string }[]): Matrix {
  const failedBy = new Map<string, string[]>(cases.map(({ id }) => [id, []]))
  return {
    add: (id, mutant) => void failedBy.get(id)?.push(mutant),
    print() {
      const width = Math.max(...cases.map(({ id }) => id.length))
      const lines = [...failedBy].map(([id, mutants]) => `${id.padEnd(width)}  ${mutants.join(' | ')}`)
      const mutants = [...failedBy.values()].flat()
      const size = `${cases.length} cases × ${new Set(mutants).size} mutants, ${mutants.length} failures as stated`
      writeSync(1, [`The ${contract} contract: ${size}`, ...lines, ''].join('\n'))
    },
  }
}
