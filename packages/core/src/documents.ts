import type {
  Agent,
  AgentRequest,
  Attachment,
  Evidence,
  Exit,
  FinalAnswer,
  Finding,
  Item,
  Lifecycle,
  Phase,
  QueuedMessage,
  Reason,
  Receipt,
  State,
  StopProof,
  TurnUsage,
  Usage,
  UsageCounts,
} from './agent.ts'
import type { Check, PermissionRule, ServerReport } from './backend.ts'
import type { Setting } from './config/settings.ts'
import type { ErrorOutcome, OrchErrorCode } from './errors.ts'
import type { JsonValue } from './json.ts'
import type { Actor, AgentRecord, Delivered, StartPlan, WorktreeRecord } from './registry/record.ts'
import type { Skill, SkillFolder } from './skills/skill.ts'
import type { Deliverable } from './workspace/deliverables.ts'

/** What every document carries. `apiVersion` changes only when a field is removed or changes its meaning. */
export interface Doc {
  readonly apiVersion: 1
  readonly warnings: readonly Reason[]
}

/** An error inside a batch, or the document of a failed command. */
export interface ErrorInfo {
  readonly code: OrchErrorCode | 'UNEXPECTED'
  readonly message: string
  readonly hint?: string
  readonly agent?: string
  readonly backend?: string
  readonly outcome: ErrorOutcome
  readonly retryable: boolean
}

/** How the turn of a message ended; both are `null` when nobody waited for it. */
export interface TurnEnd {
  /** `met`: with an `answer`; `idle`: without one; else as in {@link WaitDocument}. */
  readonly outcome: WaitOutcome | null
  readonly answer: FinalAnswer | null
}

/** Result of `spawn`. `created: false`: the `--key` named an agent that was there. */
export interface SpawnDocument extends Doc, TurnEnd {
  readonly agent: Agent
  readonly created: boolean
  readonly prompt: Receipt
  /** The files that go with the task. */
  readonly attachments: readonly Attachment[]
}

/** One agent that would be made. */
export interface SpawnPreview {
  /** The agent that has the key already: nothing would be made. */
  readonly holder: string | null
  /** As it would be recorded; the end of its id is an example. */
  readonly agent: Pick<
    AgentRecord,
    | 'id'
    | 'task'
    | 'project'
    | 'directory'
    | 'workspace'
    | 'branch'
    | 'base'
    | 'backend'
    | 'program'
    | 'model'
    | 'mode'
    | 'permission'
    | 'parent'
    | 'labels'
    | 'key'
  > & {
    readonly permissionRules: readonly PermissionRule[]
    readonly skill: string | null
    readonly deliverables: readonly string[]
    readonly verify: readonly string[] | null
  }
  /** What it would wait for; `null`: it would be started at once. */
  readonly start: Pick<StartPlan, 'maxParallel' | 'after'> | null
  readonly attachments: readonly Attachment[]
  /** The whole of its `SPAWN_CONTEXT.md`, which is its first message. */
  readonly context: string
}

/** Result of `spawn --dry-run`: what would be made. */
export interface SpawnPreviewDocument extends Doc, SpawnPreview {
  readonly dryRun: true
}

/** Result of `spawn --dry-run` for several tasks, in their order. */
export interface SpawnPreviewEachDocument extends Doc {
  readonly dryRun: true
  /** Each with where it was written: `line 3 of "tasks.txt"`. */
  readonly results: readonly (SpawnPreview & { readonly place: string })[]
}

/** What became of one of several tasks. */
export interface SpawnedTask extends TurnEnd {
  /** Where it was written: `line 3 of "tasks.txt"`. */
  readonly place: string
  readonly ok: boolean
  readonly agent: Agent
  /** `false`: its key named an agent that was there. */
  readonly created: boolean
  readonly prompt: Receipt
  readonly attachments: readonly Attachment[]
  /** Why it could not be started; it is `failed` then, or still queued and tried again. */
  readonly error: ErrorInfo | null
}

/** Result of `spawn --each` and `spawn -n`: one for each task, as they were given. */
export interface SpawnEachDocument extends Doc {
  readonly results: readonly SpawnedTask[]
}

/** One backend as a status look found it. */
export interface BackendStatus {
  readonly name: string
  readonly ok: boolean
  readonly version: string | null
  readonly epoch: string | null
  readonly error: Reason | null
  /** Whether all agents of it that were asked for could be looked at: one without any may well have no server. */
  readonly complete: boolean
}

/** Something that carries orch's tag and has no open record. */
export interface Orphan {
  readonly backend: string
  readonly id: string
  readonly detail: string
}

/** What several agents used together. Each sum is of the agents of which it is known; `null` when it is of none. */
export interface UsageTotal extends UsageCounts {
  readonly agents: number
  /** How many of `agents` are missing from these sums, or from one of them: what they used is not known, and not 0. */
  readonly unknown: number
}

/** Result of `status`. `complete: false`: some part could not be looked at. `project` is `null` for all projects. */
export interface StatusDocument extends Doc {
  readonly project: string | null
  readonly complete: boolean
  readonly backends: readonly BackendStatus[]
  readonly counts: Readonly<Record<State, number>>
  readonly agents: readonly Agent[]
  readonly orphans: readonly Orphan[]
  /** Of all the agents that `counts` counts. */
  readonly usage: UsageTotal
  /** The same for each of their projects. */
  readonly usageByProject: readonly { readonly project: string; readonly usage: UsageTotal }[]
}

/** How much of one file changed; both are `null` for one that is no text. */
export interface FileChange {
  readonly path: string
  readonly insertions: number | null
  readonly deletions: number | null
}

/** Result of `diff`. */
export interface DiffDocument extends Doc {
  readonly agent: string
  /** The top of the checkout that was looked at. */
  readonly directory: string
  /** The commit that its changes are counted from; of an agent that was spawned before the first commit: the empty tree. */
  readonly base: string
  /** The commit they are counted to; `null`: the files as they are now. */
  readonly to: string | null
  readonly files: readonly FileChange[]
  readonly insertions: number
  readonly deletions: number
  /** How many files are left out, as they were dirty before its spawn and were not touched since. */
  readonly dirtyBefore: number
  /** As `git diff` prints it; `null` with `stat`. */
  readonly patch: string | null
}

/** What git shows of the agent's directory since its spawn. */
export interface GitInfo {
  readonly base: string | null
  readonly head: string | null
  readonly branch: string | null
  readonly commits: readonly { readonly hash: string; readonly subject: string; readonly at: string }[]
  /** Files that are not committed and were changed since. */
  readonly dirty: readonly string[]
  /** How many files were dirty before its spawn and were not touched since; they are not in `dirty`. */
  readonly dirtyBefore: number
  /** Against the base, of files that git follows, without those; `null` where that is not known. */
  readonly stat: { readonly files: number; readonly insertions: number; readonly deletions: number } | null
}

/** Result of `check`. `git` is `null` outside a git work tree. */
export interface CheckDocument extends Doc {
  readonly agent: Agent
  readonly git: GitInfo | null
  /** The worktree that was made for it; `null` without one. */
  readonly worktree: WorktreeRecord | null
  readonly deliverables: readonly Deliverable[]
  /** The command that has to pass before it is completed, as its words. */
  readonly verify: readonly string[] | null
  /** The skill that it works by. */
  readonly skill: string | null
  readonly workspaceText: string | null
  readonly tail: readonly Item[]
  /** What the newest turns used, oldest first; `null` when that is not known. */
  readonly turns: readonly TurnUsage[] | null
  /** Messages of `send --when idle` that are not proven to be delivered, oldest first. */
  readonly queue: readonly QueuedMessage[]
  /** Everything that was looked at to find out the state, by rank. */
  readonly chain: readonly Finding[]
}

/** One line of `tail --json`. */
export type TailLine =
  | {
      readonly apiVersion: 1
      readonly type: 'item'
      readonly agent: string
      /** Stands for this line: `tail --since CURSOR` tells what came after it. */
      readonly cursor: string | null
      readonly item: Item
    }
  | {
      readonly apiVersion: 1
      readonly type: 'delta'
      readonly agent: string
      readonly itemId: string
      readonly text: string
    }
  | {
      readonly apiVersion: 1
      readonly type: 'state'
      readonly agent: string
      readonly state: State
      readonly reason: Reason
    }
  | { readonly apiVersion: 1; readonly type: 'gap'; readonly agent: string; readonly reason: Reason }
  | { readonly apiVersion: 1; readonly type: 'end'; readonly agent: string; readonly reason: Reason }

/** Result of `send`. */
export interface SendDocument extends Doc, TurnEnd {
  readonly agent: string
  readonly receipt: Receipt
  /** The files that go with the message: delivered with it, or not at all. */
  readonly attachments: readonly Attachment[]
}

/** How a wait ended. */
export type WaitOutcome = 'met' | 'timeout' | 'failed' | 'lost' | 'exited' | 'waiting' | 'idle' | 'closed'

/** Result of `wait`. */
export interface WaitDocument extends Doc {
  readonly outcome: WaitOutcome
  readonly until: readonly State[]
  readonly phase: string | null
  readonly mode: 'all' | 'any' | 'each'
  /** How many were enough; `null`: all of them. */
  readonly first: number | null
  readonly waitedMs: number
  readonly agents: readonly { readonly met: boolean; readonly agent: Agent }[]
}

/** Result of `answer`; `listed` when no reply was given, or none was delivered: the receipt then says why. */
export interface AnswerDocument extends Doc {
  readonly agent: string
  readonly request: AgentRequest | null
  readonly requests: readonly AgentRequest[]
  readonly reply: { readonly choice: string | null; readonly text: string | null }
  readonly result: 'answered' | 'already' | 'gone' | 'listed'
  readonly receipt: Receipt | null
}

/** Result of `interrupt`. */
export interface InterruptDocument extends Doc {
  readonly agent: Agent
  readonly interrupted: boolean
  readonly evidence: readonly Evidence[]
}

/** Result of `resume`. */
export interface ResumeDocument extends Doc {
  readonly dryRun: boolean
  readonly results: readonly {
    readonly id: string
    readonly ok: boolean
    /** Why its last turn, or its program, is over; `null` when it was not resumed. */
    readonly stopped: Reason | null
    /** Whether its program had ended and was started again for it; in a dry run, whether it would be. */
    readonly restarted: boolean
    /** Of what it was told; `refused` says why it is not resumed, `null` in a dry run that would. */
    readonly receipt: Receipt | null
    readonly error: ErrorInfo | null
  }[]
}

/** One thing `complete` looked at. */
export interface CompleteCheck {
  readonly name: string
  readonly result: 'pass' | 'fail' | 'skip' | 'overridden'
  readonly text: string
  /** One next action, where it failed. */
  readonly hint?: string
}

/** How the command ended that verifies an agent's work. */
export interface VerifyRun {
  /** Its words. */
  readonly command: readonly string[]
  /** This and `signal` are both `null` when it could not be started. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  readonly durationMs: number
  /** The file that holds what it printed. */
  readonly output: string
  /** The last lines of that. */
  readonly tail: readonly string[]
}

/** What changed in an agent's directory since its spawn. */
export interface AgentChanges extends Omit<GitInfo, 'stat'> {
  /** Agents that worked in the same directory meanwhile: with any of them, nobody can tell whose a change is. */
  readonly sharedWith: readonly string[]
}

/** What is kept of an agent in its workspace, as paths. */
export interface KeptOutcome {
  readonly summary: string
  /** Lines as `tail --json` has them; `null` when it could not be read. */
  readonly transcript: string | null
}

/** What became of one agent in `complete`. */
export interface CompleteResult {
  readonly id: string
  readonly ok: boolean
  readonly checks: readonly CompleteCheck[]
  /** `null` when no command was run. */
  readonly verify: VerifyRun | null
  /** `null` when that could not be looked at. */
  readonly changes: AgentChanges | null
  /** `null` when nothing was kept now. */
  readonly kept: KeptOutcome | null
  /** What became of the work in its worktree; `null` without one, and where nothing was done. */
  readonly delivered: Delivered | null
  readonly stop: StopProof | null
  readonly lifecycle: Lifecycle | null
  readonly error: ErrorInfo | null
}

/** Result of `complete`. */
export interface CompleteDocument extends Doc {
  readonly dryRun: boolean
  readonly results: readonly CompleteResult[]
}

/** Result of `abandon`. */
export interface AbandonDocument extends Doc {
  readonly results: readonly {
    readonly id: string
    readonly ok: boolean
    readonly stop: StopProof | null
    readonly error: ErrorInfo | null
  }[]
}

/** Result of `label`: the labels that each agent has now. */
export interface LabelDocument extends Doc {
  readonly results: readonly {
    readonly id: string
    readonly ok: boolean
    readonly labels: Readonly<Record<string, string>> | null
    readonly error: ErrorInfo | null
  }[]
}

/** Something that could be adopted. */
export interface AdoptableEntry {
  readonly backend: string
  /** What it is named by: a pane, a session. */
  readonly place: string
  readonly title: string
  /** Where it works; `null`: that is not known. */
  readonly directory: string | null
  readonly program: string | null
  readonly detail: string
}

/** Result of `adopt`. `complete: false`: some backend could not be looked at. */
export interface AdoptDocument extends Doc {
  readonly complete: boolean
  readonly backends: readonly { readonly name: string; readonly ok: boolean; readonly error: Reason | null }[]
  /** What was adopted; `null`: nothing was asked for, and `adoptable` lists what could be. */
  readonly agent: Agent | null
  readonly adoptable: readonly AdoptableEntry[]
}

/** What became of one agent in `clean`. */
export interface CleanResult {
  readonly id: string
  /** Whether everything of it is gone, its record too; in a dry run, whether it would be. */
  readonly removed: boolean
  /** Why it is provably finished, or why it stays. */
  readonly reason: Reason
  /** What was removed, in a dry run what would be, and what stays: what, or why, is the text. */
  readonly parts: readonly {
    readonly what: 'worktree' | 'workspace' | 'record'
    readonly removed: boolean
    readonly text: string
  }[]
  readonly error: ErrorInfo | null
}

/** Result of `clean`. `project` is `null` for all projects. */
export interface CleanDocument extends Doc {
  readonly dryRun: boolean
  readonly project: string | null
  readonly results: readonly CleanResult[]
}

/** Something that a crash or a restart left undone. */
export interface RecoverFinding {
  readonly kind: 'spawn' | 'resume' | 'queue' | 'ending' | 'stopped' | 'worktree' | 'record' | 'orphan' | 'project'
  readonly id: string | null
  /** What was found. */
  readonly text: string
  /** What was done about it, in a dry run what would be; `null`: that is for a person to decide. */
  readonly action: string | null
  /** Whether that came to an end; never in a dry run. */
  readonly done: boolean
  /** The next command; `null`: nothing is left to do, or no command does it. */
  readonly next: string | null
}

/** Result of `recover`. `complete: false`: some part could not be looked at. `project` is `null` for all projects. */
export interface RecoverDocument extends Doc {
  readonly dryRun: boolean
  readonly project: string | null
  readonly complete: boolean
  readonly backends: readonly BackendStatus[]
  /** How many open agents were looked at. */
  readonly agents: number
  readonly findings: readonly RecoverFinding[]
}

/** One agent as `history` shows it. */
export interface HistoryEntry
  extends Pick<
    Agent,
    'id' | 'task' | 'project' | 'branch' | 'backend' | 'program' | 'model' | 'parent' | 'labels' | 'lifecycle'
  > {
  readonly state: State
  readonly reason: Reason
  /** How its record was closed; `null` while it is open, and when that is not known. */
  readonly outcome: 'completed' | 'abandoned' | 'failed' | null
  /** Why, in the words of whoever ended it. */
  readonly endReason: string | null
  /** The checks that `complete` was told to override. */
  readonly overridden: readonly string[]
  /** What it said last; `null` for one that is closed: its page is not read any more. */
  readonly phase: Phase | null
  /** As far as it is known. */
  readonly usage: Usage | null
  readonly exit: Exit | null
  readonly spawnedAt: string
  readonly endedAt: string | null
  /** To its end, or until now; `null` when that is not known, as after a clock was set back. Never negative. */
  readonly durationMs: number | null
}

/** One change of an agent's record. */
export interface TrailEntry {
  /** The revision that it made. */
  readonly revision: string
  readonly uid: string
  readonly at: string
  /** `created`, `placed`, `begun`, `sending`, `ending`, `completed` …: more may come. */
  readonly type: string
  /** `null`: that was not noted. */
  readonly by: Actor | null
  /** The same in words. */
  readonly text: string
  /** Which fields of the record it changed; empty for its making. */
  readonly changed: readonly string[]
}

/** Result of `history`. `complete: false`: some part could not be looked at. `project` is `null` for all projects. */
export interface HistoryDocument extends Doc {
  readonly project: string | null
  readonly complete: boolean
  /** How many agents match, shown or not. */
  readonly total: number
  /** Newest first. */
  readonly agents: readonly HistoryEntry[]
  /** Of all that match. */
  readonly usage: UsageTotal
  /** Only of `history AGENT`: every change of its record, oldest first. */
  readonly trail: readonly TrailEntry[] | null
}

/** Result of `ask`. */
export interface AskDocument extends Doc {
  readonly agent: string
  /** The id of the request that the question is. */
  readonly request: string
  /** As it stands on the page. */
  readonly question: string
  /** `null` when it was sent as a message, as nobody was waiting when it was given. */
  readonly answer: string | null
  readonly via: 'ask' | 'message'
}

/** Result of `phase`. */
export interface PhaseDocument extends Doc {
  readonly agent: string
  readonly phase: Phase
}

/** Result of `skills`, by name; of one name the first counts. */
export interface SkillsDocument extends Doc {
  /** Where they are looked for; of two with the same name the one of the first folder counts. */
  readonly folders: readonly SkillFolder[]
  readonly skills: readonly Skill[]
}

/** Something that `doctor` found and can mend without losing anything; `error` says why it could not. */
export interface Repair {
  readonly name: string
  readonly text: string
  readonly done: boolean
  readonly error: string | null
}

/** Result of `doctor`. `ok: false` when some check failed. */
export interface DoctorDocument extends Doc {
  readonly ok: boolean
  readonly checks: readonly Check[]
  /** What can be mended without losing anything; done only with `fix`. */
  readonly repairs: readonly Repair[]
}

/** What `init` did with one file; `kept`: somebody changed what orch once wrote there. */
export interface InitFile {
  /** From the project. */
  readonly path: string
  readonly result: 'created' | 'added' | 'renewed' | 'unchanged' | 'kept'
  readonly text: string
}

/** Result of `init`. */
export interface InitDocument extends Doc {
  readonly dryRun: boolean
  readonly project: string
  readonly files: readonly InitFile[]
}

/** Result of `config`. */
export interface ConfigDocument extends Doc {
  readonly action: 'get' | 'set' | 'unset' | 'list'
  /** What was asked for or set; `null` for `list`. */
  readonly key: string | null
  /** What holds for it; `null` when nothing says anything. */
  readonly value: JsonValue
  /** What holds for `key`, or everything, one by one; what may be a secret is not shown in a list. */
  readonly settings: readonly Setting[]
  /** The file that `set` or `unset` means, and whether it was changed; `null` for others. */
  readonly file: string | null
  readonly changed: boolean
}

/** Result of `server start|stop|status`. */
export interface ServerDocument extends Doc {
  readonly backend: string
  readonly action: 'start' | 'stop' | 'status'
  readonly server: ServerReport
}

/** One line of `server logs`. */
export interface ServerLogLine {
  readonly apiVersion: 1
  readonly type: 'line'
  readonly backend: string
  readonly text: string
}
