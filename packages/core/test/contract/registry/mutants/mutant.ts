import type { StoredRecord } from '../../../../src/registry/record.ts'
import type { Registry } from '../../../../src/registry/registry.ts'
import type { Breaker } from '../jsonl-world.ts'

/** A store that is wrong in one way, and the cases that must notice it. */
export interface Mutant {
  /** What it does wrong. */
  readonly name: string
  /** For each case that must fail: words of the promise that it must name. */
  readonly fails: Readonly<Record<string, string>>
  readonly break: Breaker
}

/** The store with each record that it reads changed. */
export function withReads(registry: Registry, change: (stored: StoredRecord) => StoredRecord): Registry {
  return {
    ...registry,
    async get(id) {
      const stored = await registry.get(id)
      return stored === null ? null : change(stored)
    },
    async list(which) {
      const { records, unreadable } = await registry.list(which)
      return { records: records.map(change), unreadable }
    },
  }
}

/** The record, which is there. */
export async function must(registry: Registry, id: string): Promise<StoredRecord> {
  const stored = await registry.get(id)
  if (stored === null) throw new Error(`There is no record of "${id}"`)
  return stored
}

/** Lets everything else that is ready go on first. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
