import { existsSync, readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { Reason } from '../agent.ts'
import type { Found } from '../backend.ts'
import { elapsedMs } from '../history/elapsed.ts'
import { isWithin } from '../real-path.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { lookAtDeliverables } from '../workspace/deliverables.ts'
import { keptFolder } from '../workspace/kept-folder.ts'
import { workspacePath } from '../workspace/workspace.ts'

const ENDS: Readonly<Partial<Record<AgentRecord['lifecycle'], string>>> = {
  completed: 'It was completed, and its end was proven then',
  abandoned: 'It was abandoned, and its end was proven then',
  failed: 'Its spawn failed, and nothing of it was made',
}

/** Why an agent is provably finished; `null` when it is not. A record that is closed was so only on proof. Pure. */
export function whyFinished({ record, closed, damage }: StoredRecord): Reason | null {
  const text = ENDS[record.lifecycle]
  return closed && damage === null && text !== undefined ? { code: record.lifecycle.toUpperCase(), text } : null
}

/** What besides the record decides whether an agent stays. */
interface Circumstances {
  /** What carries orch's tag and is no open agent. */
  readonly found: readonly Found[]
  readonly olderThanMs: number | null
  readonly now: number
  /** Which queued agent needs the record of which ended one, in words. */
  readonly waitedFor: ReadonlyMap<string, string>
  /** Whether somebody asked for just this agent. */
  readonly named: boolean
}

/** Why an agent whose record is closed stays all the same; `null` when it can go. */
export function whyStays(
  stored: StoredRecord,
  { found, olderThanMs, now, waitedFor, named }: Circumstances,
): Reason | null {
  const { record, damage } = stored
  if (damage !== null) return { code: damage.code, text: `Its record cannot be trusted: ${damage.text}` }
  if (whyFinished(stored) === null)
    return { code: 'NOT_PROVEN', text: `Its record is closed and says that it is ${record.lifecycle}` }
  const there = found.find(({ id }) => id === record.id)
  if (there !== undefined) return { code: 'STILL_THERE', text: `Something of it is there: ${there.detail}` }
  const waiting = waitedFor.get(record.id)
  if (waiting !== undefined) return { code: 'WAITED_FOR', text: waiting }
  const age = elapsedMs(record.endedAt, now)
  if (olderThanMs !== null && age === null)
    return { code: 'AGE_UNKNOWN', text: 'When it ended is not known, or lies ahead of the clock' }
  if (olderThanMs !== null && age !== null && age < olderThanMs)
    return { code: 'TOO_YOUNG', text: `It ended only at ${record.endedAt}` }
  if (record.worktree?.delivered?.how === 'keep' && existsSync(record.worktree.path) && !named)
    return {
      code: 'KEPT',
      text: `Its worktree "${record.worktree.path}" was kept on purpose: name the agent to remove it`,
    }
  if (!existsSync(record.project))
    return {
      code: 'PROJECT_GONE',
      text: `Its project "${record.project}" is not there: what is in it cannot be looked at`,
    }
  if (record.workspace !== workspacePath(record.project, record.id))
    return { code: 'ELSEWHERE', text: `Its workspace "${record.workspace}" is not where orch makes them` }
  return null
}

/** What stands in an agent's workspace alone, so that the workspace stays; `null` when nothing does. */
export function whyWorkspaceStays(record: AgentRecord): Reason | null {
  const { workspace } = record
  const patch = [workspace, keptFolder(workspace)]
    .flatMap((folder) => namesIn(folder).map((name) => relative(workspace, join(folder, name))))
    .find((name) => name.endsWith('.patch'))
  if (patch !== undefined)
    return { code: 'UNSAVED_WORK', text: `Its workspace holds "${patch}": apply it, or move it away` }
  const inside = lookAtDeliverables(record).find(
    ({ path, exists }) => exists && isWithin(record.workspace, resolve(record.directory, path)),
  )
  if (inside === undefined) return null
  return { code: 'DELIVERABLE', text: `Its workspace holds the deliverable "${inside.path}": move it away` }
}

/** Why only the record of an agent stays; `null` when it can go too. */
export function whyRecordStays({ key }: AgentRecord): Reason | null {
  if (key === null) return null
  return {
    code: 'HOLDS_KEY',
    text: `Its record holds the key "${key}": without it that key would start a second agent`,
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
