import { createRandom } from './random.ts'
import type { Held } from './world.ts'

/** What is done to orch's agents at random. */
export type Verb = 'spawn' | 'spawn with a key' | 'spawn in a queue' | 'send' | 'complete' | 'abandon'

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
}

/** Every verb. */
export const VERBS = Object.keys(CALLS) as readonly Verb[]

/** How often each verb comes up. */
const MIX: readonly Verb[] = [
  'spawn',
  'spawn',
  'spawn with a key',
  'spawn in a queue',
  'send',
  'send',
  'complete',
  'abandon',
]

/** At most so many acts with at most so many keys, the same for the same seed. */
export function* actsOf(seed: number, most: number, keys: number): Generator<Act> {
  const random = createRandom(seed)
  const oneOf = <T>(all: readonly T[]): T => all[random(all.length)] as T
  for (let index = 0; index < most; index += 1) {
    const verb = index < 10 ? 'spawn' : oneOf(MIX)
    yield {
      verb,
      name: verb === 'spawn with a key' ? `key${random(keys)}` : `act${index}`,
      choice: random(1_000),
      moment: 0.3 + random(1_000) / 1_250,
      held: random(3) === 0 ? oneOf(CALLS[verb]) : null,
      seen: random(2) === 0,
    }
  }
}
