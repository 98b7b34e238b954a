/** What the commands of a kill test were told to do, and what they said of it before they ended or were killed. */
export interface Ledger {
  /** Each spawn by the first part of its id, which no other spawn has. */
  spawns: { name: string /** Whether it was run to its end too, so that there must be one. */; must: boolean }[]
  /** Each message by a text that no other message has. */
  messages: { id: string; text: string /** Whether a receipt said that it was delivered. */; sure: boolean }[]
  /** Agents whose end a command proved. */
  ended: string[]
  /** Those whose records a `clean` was told to remove. */
  cleaned: string[]
  /** What agents in worktrees wrote, each into a file of a name that no other has, with that name as its text. */
  works: { id: string; file: string }[]
}

/** An empty one. */
export function emptyLedger(): Ledger {
  return { spawns: [], messages: [], ended: [], cleaned: [], works: [] }
}
