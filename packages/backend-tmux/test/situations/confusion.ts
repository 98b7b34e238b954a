import { STATES, type State } from '@orch/core'
import type { Recorded } from './corpus.ts'
import { replay } from './situation.ts'

/** A situation, and the state that is derived from it. */
export interface Judged {
  readonly name: string
  readonly truth: State
  readonly derived: State
}

/** Derives the state of each situation. */
export function judge(corpus: readonly Recorded[]): Judged[] {
  return corpus.map(({ name, truth, situation }) => ({ name, truth, derived: replay(situation).state }))
}

/** How often each state was derived (across) where each was true (down). */
export function confusionTable(judged: readonly Judged[]): string {
  const count = (truth: State, derived: State): number =>
    judged.filter((one) => one.truth === truth && one.derived === derived).length
  const rows = STATES.filter((state) => judged.some(({ truth }) => truth === state))
  const columns = STATES.filter((state) => judged.some(({ truth, derived }) => truth === state || derived === state))
  const cells = rows.map((truth) => columns.map((derived) => String(count(truth, derived) || '·')))
  const lines = [['true \\ derived', ...columns], ...rows.map((truth, index) => [truth, ...(cells[index] ?? [])])]
  return lines
    .map((line) => line.map((cell, index) => (index === 0 ? cell.padEnd(16) : cell.padStart(9))).join(''))
    .join('\n')
}
