import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AgentRecord } from '../registry/record.ts'

/** Something that an agent has to make. */
export interface Deliverable {
  /** As it was agreed on. */
  readonly path: string
  readonly exists: boolean
}

/** What the agent has to make, and whether it is there; what cannot be looked at is not. */
export function lookAtDeliverables({
  directory,
  deliverables = [],
}: Pick<AgentRecord, 'directory' | 'deliverables'>): readonly Deliverable[] {
  return deliverables.map((path) => ({ path, exists: isThere(resolve(directory, path)) }))
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}
