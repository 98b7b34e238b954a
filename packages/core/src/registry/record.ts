import type { Attachment, Dependency, Exit, Lifecycle, QueuedMessage, Reason, Receipt, Usage } from '../agent.ts'
import type { Attempt, PermissionMode, PermissionRule, ProgramSpec } from '../backend.ts'
import type { JsonValue } from '../json.ts'
import type { ProcessOwner } from '../process-owner.ts'

/** A git worktree that is made for one agent: recorded before anything of it is made. */
export interface WorktreeRecord {
  /** Its folder; the agent's `directory` is it, or lies in it. */
  readonly path: string
  /** `orch/<id>`. */
  readonly branch: string
  /** The commit it begins at. */
  readonly base: string
  /** Since when it stands whole and is set up; `null`: it is being made, or was left half made. */
  readonly readyAt: string | null
  /** What became of its work when the agent was completed; left out before. */
  readonly delivered?: Delivered
}

/** How the work of a worktree was handed over, and where it is now. */
export interface Delivered {
  readonly how: 'merge' | 'pr' | 'patch' | 'keep'
  /** The commit its branch stood on then. */
  readonly head: string
  /** In words: into which branch it was merged, which file the patch is. */
  readonly text: string
  /** The address of the pull request, or the path of the patch; `null` without one. */
  readonly place: string | null
  readonly at: string
}

/** A delivery under way: won at the revision that was verified, before anything is handed over. */
export interface Delivering {
  /** Of this delivery alone: one process may try several. */
  readonly uid: string
  readonly owner: ProcessOwner
  readonly how: Delivered['how']
  readonly at: string
}

/** When an agent is to be started whose task stands in its workspace already. */
export interface StartPlan {
  /** It takes one of so many places of its project; `null`: none. */
  readonly maxParallel: number | null
  readonly after: readonly Dependency[]
  /** Its number in what was spawned at once, from 0: those of one instant are started in this order. */
  readonly index: number
  /** When a process last began to start it, or was found dead at that; `null` before, and once provably nothing came of it. */
  readonly triedAt: string | null
  /** When it last could not be started and provably nothing was made; left out before. */
  readonly failedAt?: string
  /** `PATH` of the process that queued it: its program is found on that too, whoever starts it. */
  readonly path?: string
}

/** What the registry stores about an agent: intent, handle, what was declared, and facts that cannot change again. */
export interface AgentRecord {
  readonly id: string
  readonly lifecycle: Lifecycle
  /** The task; one longer than 4000 characters is cut here and whole in the workspace. */
  readonly task: string
  readonly project: string
  readonly directory: string
  readonly workspace: string
  readonly branch: string | null
  /** The commit the directory stood on at spawn. */
  readonly base: string | null
  readonly backend: string
  readonly program: string | null
  readonly programSpec: ProgramSpec | null
  readonly model: string | null
  readonly mode: string | null
  readonly permission: PermissionMode | null
  /** The worktree made for it alone; left out when it works in a checkout that is not its own. */
  readonly worktree?: WorktreeRecord
  /** Left out when there are none. */
  readonly permissionRules?: readonly PermissionRule[]
  readonly parent: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly key: string | null
  /** Who spawns it; `null` once given up. Of interest only while `spawning`. */
  readonly owner: ProcessOwner | null
  readonly target: JsonValue
  readonly handle: JsonValue
  readonly facts: JsonValue
  /** Files that go with the task. */
  readonly attachments?: readonly Attachment[]
  /** The skill it was spawned with, by name: what the file says later changes nothing of this agent. */
  readonly skill?: string
  /** Paths of what it has to make, relative to `directory` unless absolute; its skill's among them. */
  readonly deliverables?: readonly string[]
  /** The command that has to pass before it is completed, as its words: from the caller, the skill or the configuration at spawn. */
  readonly verify?: readonly string[]
  /** It was queued before it was started, or still is. */
  readonly start?: StartPlan
  /** When the task was about to be given; `null` before. */
  readonly beginAt: string | null
  /** How the task was delivered; `null` before. */
  readonly prompt: Receipt | null
  /** Why the spawn failed. */
  readonly failure: Reason | null
  /** How the agent's process ended, once seen. */
  readonly exit: Exit | null
  /** Messages whose arrival is not proven. */
  readonly attempts: readonly Attempt[]
  /** When the newest message was sent that was not refused, nor is among `attempts`; left out before the first one. */
  readonly messagedAt?: string
  /** Messages for when it is idle, oldest first, until they are proven to be delivered. */
  readonly queue?: readonly QueuedMessage[]
  /** Requests of the workspace that were answered: `BLOCKED:` and `QUESTION:` lines stay in the file. */
  readonly answered: readonly string[]
  /** Set before its program is started again, by whom; `null` once that came to an end, or was given up. */
  readonly resuming?: { readonly owner: ProcessOwner; readonly at: string } | null
  /** When its program was last started again: what was seen of it before is not true any more. */
  readonly resumedAt?: string
  /** Who hands over its work and ends it, from before that until its record is closed; `null` once that was given up. */
  readonly delivering?: Delivering | null
  /** Set before the agent is stopped: its end is then orch's doing, not a failure of its own. */
  readonly ending?: 'completed' | 'abandoned'
  /** What it had used when it was last looked at before its end. */
  readonly usage?: Usage
  /** What was taken over, as its backend names it; left out for an agent that orch made. */
  readonly adopted?: string
  /** Why it was ended, in the words of whoever ended it. */
  readonly endReason?: string
  /** Names of the checks that failed and that `complete` was told to override. */
  readonly overridden?: readonly string[]
  readonly spawnedAt: string
  readonly endedAt: string | null
}

/** The fields an event may change. */
export type RecordChange = Partial<Omit<AgentRecord, 'id' | 'project' | 'spawnedAt'>>

const LIFECYCLES: readonly Lifecycle[] = ['queued', 'spawning', 'active', 'completed', 'abandoned', 'failed']

/** Who changed a record. */
export interface Actor {
  /** The name of the user, or the number of one without a name. */
  readonly user: string
  readonly host: string
  readonly pid: number
  /** The id of the agent that did it (`ORCH_AGENT_ID`); `null`: a person or a script. */
  readonly agent: string | null
  /** The verb of the command line; `null`: a program that embeds orch. */
  readonly verb: string | null
}

/** One line of a record's file. Accepted only if `base` is the revision reached so far (design §7). */
export interface RecordEvent {
  readonly v: 1
  readonly uid: string
  readonly base: number
  readonly at: string
  readonly type: string
  readonly set: RecordChange | AgentRecord
  /** Left out by a writer that did not say. */
  readonly by?: Actor
  /** It closes the record: nothing is accepted after it, even before its file was moved away. */
  readonly last?: true
}

/** A record with the revision it is at, and what is wrong with its file. */
export interface StoredRecord {
  readonly record: AgentRecord
  readonly revision: number
  /** Nothing about it changes any more. */
  readonly closed: boolean
  /** Lines that could not be read and were skipped: a torn write leaves one. */
  readonly skippedLines: readonly number[]
  /** Not `null`: an accepted event is missing, what follows it cannot be trusted. */
  readonly damage: Reason | null
}

/** A record, and the events that were accepted, oldest first. */
export interface FoldedRecord {
  readonly stored: StoredRecord
  readonly events: readonly RecordEvent[]
}

/** The record's file folded, or `null` when even its first event is missing. `closed`: it was archived. */
export function foldRecord(text: string, closed: boolean): FoldedRecord | null {
  let record = null as AgentRecord | null
  let revision = 0
  let damage = null as Reason | null
  let over = false
  const events: RecordEvent[] = []
  const skippedLines: number[] = []
  const lines = text.split('\n')
  for (const [index, line] of lines.entries()) {
    if (line === '') continue
    const event = parseEvent(line)
    if (event === null) {
      skippedLines.push(index + 1)
    } else if (over) {
    } else if (event.base === revision) {
      record = record === null ? ({ ...event.set } as AgentRecord) : Object.assign(record, event.set)
      over = event.last === true || isOver(record)
      revision++
      events.push(event)
    } else if (event.base > revision && damage === null) {
      damage = {
        code: 'RECORD_CORRUPT',
        text: `Revision ${revision + 1} is missing before line ${index + 1}`,
      }
    }
  }
  if (record === null || !isRecord(record)) return null
  if (closed && !over)
    damage ??= { code: 'RECORD_CORRUPT', text: 'It was put away, and the change that closed it is missing' }
  return { stored: { record, revision, closed: closed || over, skippedLines, damage }, events }
}

function parseEvent(line: string): RecordEvent | null {
  try {
    const event = JSON.parse(line) as Partial<RecordEvent> | null
    const valid =
      typeof event?.uid === 'string' &&
      typeof event.base === 'number' &&
      typeof event.set === 'object' &&
      event.set !== null &&
      !Array.isArray(event.set)
    return valid ? (event as RecordEvent) : null
  } catch {
    return null
  }
}

/** A record that says so is closed, whatever made it say so. */
function isOver({ lifecycle }: AgentRecord): boolean {
  return lifecycle === 'completed' || lifecycle === 'abandoned'
}

function isRecord(record: AgentRecord): boolean {
  const { id, backend, task, project, directory, workspace, spawnedAt, labels, attempts, answered } = record
  const texts = [id, backend, task, project, directory, workspace, spawnedAt].every((text) => typeof text === 'string')
  const lists = Array.isArray(attempts) && Array.isArray(answered) && typeof labels === 'object' && labels !== null
  return texts && lists && LIFECYCLES.includes(record.lifecycle)
}
