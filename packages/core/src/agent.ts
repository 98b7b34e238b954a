import type { PermissionMode, PermissionRule } from './backend.ts'
import type { JsonObject } from './json.ts'

/** Why something is so: a stable code for programs and one sentence for people. */
export interface Reason {
  readonly code: string
  readonly text: string
}

/** What kind of witness an {@link Evidence} comes from. */
export type EvidenceSource = 'process' | 'hook' | 'api' | 'transcript' | 'file' | 'title' | 'screen' | 'record'

/** One thing that was seen, by what means and when (ISO 8601). */
export interface Evidence {
  readonly source: EvidenceSource
  readonly detail: string
  readonly at: string
}

/** Something that was looked at to find out how an agent stands, whether or not it decided. */
export interface Finding extends Evidence {
  /** Why it did not decide; `null`: the state rests on it. */
  readonly reason: Reason | null
}

/** What an agent can wait on. */
export type RequestKind = 'permission' | 'question' | 'startup' | 'quota' | 'blocked'

/** One way to answer a request. A permission offers `allow`, `deny` and, where the backend can, `always`. */
export interface Choice {
  readonly id: string
  readonly label: string
}

/** Something an agent waits on. `from` names a subagent; `since` is ISO 8601 or `null` when unknown. */
export interface AgentRequest {
  readonly id: string
  readonly kind: RequestKind
  readonly text: string
  readonly detail: JsonObject | string | null
  readonly choices: readonly Choice[]
  readonly since: string | null
  readonly from: string | null
  readonly answerable: boolean
}

/** Tokens and cost, each token counted in one field only; `null` is "not known", never zero. */
export interface UsageCounts {
  /** Without what was read from, or written to, the provider's cache. */
  readonly inputTokens: number | null
  /** Without reasoning. */
  readonly outputTokens: number | null
  readonly reasoningTokens: number | null
  readonly cacheReadTokens: number | null
  readonly cacheWriteTokens: number | null
  readonly costUsd: number | null
}

/** The last words of a turn that ended well, `''` when there were none, and what that turn used. */
export interface FinalAnswer {
  readonly text: string
  readonly usage: Usage | null
}

/** What an agent, its subagents included, or one of its turns used so far. */
export interface Usage extends UsageCounts {
  /**
   * How much of the model's context the last answered request took: all its tokens, its answer included. It says how full
   * the context is, and is part of no sum. Known where the transcript is read as well (`check`).
   */
  readonly contextTokens?: number | null
  /** How many tokens the context of that request's model holds. */
  readonly contextLimit?: number | null
}

/** What one turn used: a message of the user and everything that answered it. */
export interface TurnUsage {
  /** The message that began it, as its backend names it. */
  readonly messageId: string
  /** ISO 8601. */
  readonly startedAt: string
  /** ISO 8601; `null` while it runs, and when its end was never written down. */
  readonly endedAt: string | null
  /** With that of the subagents that were started in it. */
  readonly usage: Usage
}

/** How a process ended: its code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/** The one answer derived from record, observation and report; see `deriveState`. */
export type State =
  | 'starting'
  | 'queued'
  | 'running'
  | 'working'
  | 'waiting'
  | 'idle'
  | 'done'
  | 'failed'
  | 'lost'
  | 'exited'
  | 'unknown'

/** Every {@link State}, those that need a person first. */
export const STATES: readonly State[] = [
  'waiting',
  'failed',
  'lost',
  'unknown',
  'idle',
  'exited',
  'working',
  'running',
  'starting',
  'queued',
  'done',
]

/** The record's own life, apart from what the agent does. */
export type Lifecycle = 'queued' | 'spawning' | 'active' | 'completed' | 'abandoned' | 'failed'

/** What the agent said of its progress. `at` is when its page was last changed. */
export interface Phase {
  readonly name: string
  readonly note: string | null
  readonly at: string | null
}

/** What an agent's backend can do for it beyond the required part of the contract. */
export type Capability =
  /** observes when a turn runs and how it ended */
  | 'turns'
  /** tells what it finally said to one message */
  | 'answers'
  /** takes files and images with a message */
  | 'attachments'
  /** shows permission requests and questions, and answers them */
  | 'requests'
  /** ends a turn and keeps the agent */
  | 'interrupt'
  /** lets a person look or type */
  | 'attach'
  /** goes on with a conversation after its process or server was gone */
  | 'resume'
  /** `read` gives structured items; without it, lines of output */
  | 'transcript'
  /** shows what it used */
  | 'usage'
  /** has a window: `read` gives what a person would see in it */
  | 'screen'
  /** runs programs named in the configuration or on the command line */
  | 'programs'
  /** takes a model, an agent name, a permission mode and permission rules at spawn */
  | 'models'
  /** has a server of its own that orch can start and stop */
  | 'server'
  /** takes over what runs there and was not made by orch */
  | 'adopt'

/** One agent as every surface shows it (`api.md`). */
export interface Agent {
  readonly id: string
  readonly task: string
  readonly project: string
  readonly workspace: string
  readonly directory: string
  readonly branch: string | null
  readonly backend: string
  readonly program: string | null
  readonly model: string | null
  /** What it may do without asking, as its spawn said; `null` and no rules: as its backend is configured. */
  readonly permission: PermissionMode | null
  readonly permissionRules: readonly PermissionRule[]
  readonly parent: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly lifecycle: Lifecycle
  readonly state: State
  readonly reason: Reason
  readonly evidence: readonly Evidence[]
  readonly since: string | null
  readonly observedAt: string | null
  readonly phase: Phase | null
  readonly requests: readonly AgentRequest[]
  readonly lastActivityAt: string | null
  /** `null` is not known; in `status` also not asked for, where that takes reading transcripts. */
  readonly usage: Usage | null
  readonly exit: Exit | null
  readonly spawnedAt: string
  readonly endedAt: string | null
  readonly revision: string
  readonly capabilities: readonly Capability[]
  /** Why it was not started yet and what it waits for; `null` once it was. */
  readonly pending: Pending | null
  /** How many messages of `send --when idle` it has that are not proven to be delivered; `check` lists them. */
  readonly queued: number
}

/** An agent that another one starts after, and the state that it waits to see of it. */
export interface Dependency {
  /** Its id. */
  readonly agent: string
  readonly state: State
}

/** What an agent that is queued waits for. */
export interface Pending {
  /** Its number among the project's agents that are queued, from 1; `null` where only this agent was looked at. */
  readonly position: number | null
  /** It takes one of so many places of its project; `null`: none. */
  readonly maxParallel: number | null
  /** Who comes before it, met or not. */
  readonly after: readonly Dependency[]
}

/** How sure a delivery is: see `Receipt`. */
export type Delivery = 'confirmed' | 'queued' | 'accepted' | 'unconfirmed' | 'refused'

/**
 * What is known of a message's delivery.
 * `confirmed`: the agent's own record holds it; `queued`: so, behind a running turn, or orch's own record of the agent
 * holds it until the agent is idle (reason `WAITS_FOR_IDLE`); `accepted`: the program
 * or server took it, its record was not seen; `unconfirmed`: it may or may not have arrived, never retry blindly;
 * `refused`: nothing was sent, `reason` says why.
 */
export interface Receipt {
  readonly messageId: string | null
  readonly delivery: Delivery
  readonly reason: Reason | null
  readonly evidence: readonly Evidence[]
  readonly at: string
}

/** A file that goes with a message, by its content: what it held when the message was sent, however late it is delivered. */
export interface Attachment {
  /** Absolute: which file that was; in a message for a backend, where to read it. */
  readonly path: string
  /** By its content: `image/png`, `image/jpeg`, `image/gif`, `image/webp`, `application/pdf`, or `text/plain` for UTF-8. */
  readonly mime: string
  /** What it is called in the message: the last part of the path that was attached. */
  readonly name: string
}

/** A message that is given to its agent when that is idle, by whichever orch process sees it so: once, or not at all. */
export interface QueuedMessage {
  readonly id: string
  readonly text: string
  /** Left out when there are none. */
  readonly attachments?: readonly Attachment[]
  /** When it was sent, ISO 8601. */
  readonly at: string
  /** When a process began to deliver it, ISO 8601; `null` while it waits. From then on nobody tries again. */
  readonly triedAt: string | null
  /** Why it was provably not delivered; with a `triedAt` and without this, nobody knows whether it arrived. */
  readonly failure: Reason | null
}

/** A tool call inside an {@link Item}. */
export interface ToolCall {
  readonly name: string
  readonly status: 'pending' | 'running' | 'completed' | 'error'
  readonly input: string
  readonly output: string | null
  readonly durationMs: number | null
}

/** One piece of a transcript, or one line of output (`kind: 'screen'`). `id` is stable: a later item of the same id replaces it. */
export interface Item {
  readonly id: string
  readonly kind: 'message' | 'reasoning' | 'tool' | 'diff' | 'screen'
  readonly role: 'user' | 'assistant' | null
  readonly text: string | null
  readonly tool: ToolCall | null
  readonly truncated: boolean
  /** `false` while it may still change. */
  readonly final: boolean
  readonly at: string | null
  readonly from: string | null
}

/** What proves that an agent and everything attributable to it has ended. */
export interface StopProof {
  readonly proven: boolean
  readonly evidence: readonly Evidence[]
}
