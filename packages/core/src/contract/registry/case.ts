import type { AgentRecord, RecordChange, StoredRecord } from '../../registry/record.ts'
import type { RecordUpdate, Registry } from '../../registry/registry.ts'
import type { RegistryDamage, RegistryWorld } from './world.ts'

/** One promise of the registry contract and how it is tried. */
export interface RegistryCase {
  /** Stable, kebab-case, starts with the verb or the situation. */
  readonly id: string
  /** The damages that a store must know for the case to have a meaning. */
  readonly requires: readonly RegistryDamage[]
  /** Why it matters: what breaks for people when it does not hold. Printed when the case fails. */
  readonly because: string
  /** Throws when the promise is not kept. */
  run(t: RegistryContext): Promise<void>
}

/** What a case works with. */
export interface RegistryContext {
  readonly world: RegistryWorld
  /** The client under test. */
  readonly registry: Registry
  /** Aborts when the case is over. */
  readonly signal: AbortSignal
  /** So many further clients of the same store. */
  clients(count: number): Promise<readonly Registry[]>
  /** A sound record with an id of its own, not stored. */
  record(fields?: Partial<AgentRecord>): AgentRecord
  /** Stores such a record. */
  create(fields?: Partial<AgentRecord>): Promise<StoredRecord>
  /** The record of that id; fails when there is none. */
  stored(id: string, registry?: Registry): Promise<StoredRecord>
  /** A change of the record's fields. */
  change(set: RecordChange): RecordUpdate
  damage(id: string, how: RegistryDamage): Promise<void>
  /** Looks again and again while `work` is under way, and once after it. */
  during<T>(work: Promise<T>, look: () => Promise<void>): Promise<T>
  /** Looks until `look` returns something other than `undefined`; fails with `never: <what>` when patience ends. */
  eventually<T>(what: string, look: () => T | undefined): Promise<T>
}
