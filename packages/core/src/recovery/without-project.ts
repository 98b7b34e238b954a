import { existsSync } from 'node:fs'
import type { StoredRecord } from '../registry/record.ts'

/** A project that was moved or removed, and the agents whose records still name it. */
export interface GoneProject {
  readonly project: string
  readonly ids: readonly string[]
}

/** The projects of these records that are not there, each looked for once. */
export function withoutProject(records: readonly StoredRecord[]): readonly GoneProject[] {
  const projects = [...new Set(records.map(({ record }) => record.project))].filter((project) => !existsSync(project))
  return projects.map((project) => {
    const own = records.filter(({ record }) => record.project === project)
    return { project, ids: own.map(({ record }) => record.id) }
  })
}
