import type { Registry } from '../../registry/registry.ts'
import type { ContractRunner } from '../world.ts'

/** How a record can be spoiled in a store that keeps its changes one by one. */
export type RegistryDamage =
  /** what a writer leaves at the end of the record that is killed in the middle of a change */
  | 'torn'
  /** the last change cannot be read any more, and a later one can */
  | 'missing'
  /** nothing of the record can be read, and it is still there */
  | 'ruined'

/** One fresh and empty store for one case. */
export interface RegistryWorld {
  /** The client under test. */
  readonly registry: Registry
  /** A further client of the same store, as another process would open it. */
  open(): Promise<Registry>
  /** Makes the whole store unreadable for clients that are open, as an unmounted disk or a dead server does. */
  breakStore(): Promise<void>
  /** Gives the store back as it was. */
  mendStore(): Promise<void>
  /** Spoils an open record. Only ever called with what {@link RegistryContractOptions.damages} lists. */
  damage?(id: string, how: RegistryDamage): Promise<void>
  /** Ends everything the world started and removes its files; called once, also after a failure. */
  dispose(): Promise<void>
}

/** What a store gives to `runRegistryContract`. */
export interface RegistryContractOptions {
  /** The store's name, for the title. */
  readonly name: string
  /** Which of several ways to use the store this run is about; part of the title. */
  readonly variant?: string
  readonly runner: ContractRunner
  readonly setup: () => Promise<RegistryWorld>
  /** How a record of this store can be spoiled; selects the cases about it. @default [] */
  readonly damages?: readonly RegistryDamage[]
  /** Cases that fail today, each with its reason. Strict: one that passes fails the suite. @default {} */
  readonly knownGaps?: Readonly<Record<string, string>>
  /** How long a case waits for something to be seen, in milliseconds. @default 20000 */
  readonly patienceMs?: number
}
