import { readdirSync, realpathSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { CompleteCheck } from '../documents.ts'
import type { AgentRecord } from '../registry/record.ts'

/** What of an agent's record says where its deliverables may be. */
type Agreed = Pick<AgentRecord, 'id' | 'directory' | 'workspace' | 'deliverables'>

/** Whether everything that was agreed on is there, holds something, and lies in the agent's directory or workspace. */
export function deliverablesCheck(record: Agreed): CompleteCheck {
  const name = 'deliverables'
  const { deliverables = [] } = record
  if (deliverables.length === 0) return { name, result: 'skip', text: 'None were agreed on' }
  const problems = deliverables.flatMap((path) => problemOf(record, path) ?? [])
  if (problems.length === 0) return { name, result: 'pass', text: `All there: ${deliverables.join(', ')}` }
  const hint = `Ask for what is missing with "orch send ${record.id}"`
  return { name, result: 'fail', text: problems.join('; '), hint }
}

/** Why a deliverable does not count, or `null`. */
function problemOf({ directory, workspace }: Agreed, path: string): string | null {
  try {
    const real = realpathSync(resolve(directory, path))
    if (![directory, workspace].some((home) => isInside(real, home)))
      return `"${path}" lies outside of its directory and workspace`
    const stats = statSync(real)
    if (stats.isDirectory()) return readdirSync(real).length > 0 ? null : `"${path}" is an empty folder`
    if (!stats.isFile()) return `"${path}" is neither a file nor a folder`
    return stats.size > 0 ? null : `"${path}" is empty`
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? `"${path}" is not there`
      : `"${path}" cannot be looked at (${code})`
  }
}

function isInside(real: string, home: string): boolean {
  try {
    const path = relative(realpathSync(home), real)
    return path !== '..' && !path.startsWith('../')
  } catch {
    return false
  }
}
