import { createRandom } from './random.ts'
import type { Held } from './world.ts'

/** What is done to orch's agents at random. */
export type Verb =
  | 'spawn'
  | 'spawn with a key'
  | 'spawn in a queue'
  | 'send'
  | 'complete'
  | 'abandon'
  | 'spawn in a worktree'
  | 'merge'
  | 'clean'

/** One command with the moment of its death. */
export interface Act {
  verb: Verb
  /** Of this act alone; acts with one key share one. */
  name: string
  /** Chooses the agent of those that are there then. */
  choice: number
  /** When it is killed, as a part of how long the verb took last. */
  moment: number
  /** Which of its calls is still under way when it dies; `null` none on purpose. */
  held: Held['does'] | null
  /** Whether somebody looks while that call is under way. */
  seen: boolean
}

/** The calls of each verb that can be held. */
const CALLS: Readonly<Record<Verb, readonly Held['does'][]>> = {
  spawn: ['create', 'type'],
  'spawn with a key': ['create', 'type'],
  'spawn in a queue': ['create', 'type'],
  send: ['type'],
  complete: ['end'],
  abandon: ['end'],
  'spawn in a worktree': ['create', 'type'],
  merge: ['end'],
  clean: [],
}

/** How often each verb comes up of those that have to do with a backend. */
export const MIX: readonly Verb[] = [
  'spawn',
  'spawn',
  'spawn with a key',
  'spawn in a queue',
  'send',
  'send',
  'complete',
  'abandon',
]

/** How often each of those comes up that orch does by itself. */
export const WORKTREE_MIX: readonly Verb[] = ['spawn in a worktree', 'spawn in a worktree', 'merge', 'clean', 'clean']

/** At most so many acts with at most so many keys, the same for the same seed. */
export function* actsOf(mix: readonly Verb[], seed: number, most: number, keys: number): Generator<Act> {
  const random = createRandom(seed)
  const oneOf = <T>(all: readonly T[]): T => all[random(all.length)] as T
  for (let index = 0; index < most; index += 1) {
    const verb = index < 10 ? 'spawn' : oneOf(mix)
    yield {
      verb,
      name: nameOf(verb, index, keys, random),
      choice: random(1_000),
      moment: 0.3 + random(1_000) / 1_250,
      held: random(3) === 0 ? (oneOf(CALLS[verb]) ?? null) : null,
      seen: random(2) === 0,
    }
  }
}

function nameOf(verb: Verb, index: number, keys: number, random: (limit: number) => number): string {
  if (verb === 'spawn with a key') return `key${random(keys)}`
  return verb === 'spawn in a worktree' && index % 2 === 0 ? `treekey${random(keys / 4)}` : `act${index}`
}
