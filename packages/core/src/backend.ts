import type {
  AgentRequest,
  Attachment,
  Capability,
  Evidence,
  Exit,
  FinalAnswer,
  Finding,
  Item,
  Reason,
  Receipt,
  StopProof,
  TurnUsage,
  Usage,
} from './agent.ts'
import type { JsonObject, JsonValue } from './json.ts'

/** The version of this contract; a backend module exports it as `apiVersion`. */
export const BACKEND_API_VERSION = 1

/** What core gives a backend once, when it is opened. */
export interface BackendHost {
  /** The name it has in this configuration; a record carries it. */
  readonly name: string
  /** An existing 0700 directory of orch's own; a backend keeps its files in a subdirectory named after itself. */
  readonly stateDirectory: string
  /** Tells this registry's agents from those of another registry on the same server: `[a-z0-9]{12}`. */
  readonly namespace: string
  /** The environment orch was started with. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Opens a backend; makes no request and starts nothing. What `tmux(options)` and its like return. */
export type BackendFactory = (host: BackendHost) => Backend

/** What a backend's module exports: `createBackend(options)` gets its part of the configuration, unchecked. */
export interface BackendModule {
  readonly apiVersion: number
  createBackend(options: JsonObject): BackendFactory
}

/** A program to run, from the configuration or the command line (`--program -- CMD ARG…`). */
export interface ProgramSpec {
  readonly name: string
  /** `null`: as its module says. */
  readonly command: string | null
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** How it takes its task: as its last argument, typed once it runs, or not at all; `null`: as the backend knows it to. */
  readonly promptBy: 'argument' | 'send' | 'none' | null
  /** The URL or package of a module that says how it is run and listened to: each backend has its own kind of them. */
  readonly module?: string
}

/**
 * What a new agent may do without asking. `allow` and `deny` decide what would have been asked: nobody is there to answer,
 * and it never waits for a permission or a question of its own. `ask`: it asks before it runs or changes anything.
 */
export type PermissionMode = 'allow' | 'ask' | 'deny'

/** One rule of what an agent may do; `permission` and `pattern` are words of its backend, `*` stands for any text. */
export interface PermissionRule {
  readonly permission: string
  readonly pattern: string
  readonly action: PermissionMode
}

/** Everything a backend needs to make an agent's place. Complete: core has validated it and filled the defaults. */
export interface CreateRequest {
  readonly id: string
  /** The task in one line, for titles. */
  readonly title: string
  /** The whole first message; given by `create` when the program takes it as an argument, else by `begin`. */
  readonly prompt: string
  readonly project: string
  /** Where the agent works; exists. */
  readonly directory: string
  /** The agent's own folder; exists, writable, maybe outside `directory`. */
  readonly workspace: string
  readonly target: JsonValue
  /** `null`: the backend's own default, if it has one. */
  readonly program: ProgramSpec | null
  /** A program named by `--program` that the configuration does not know; a backend may know it by itself. */
  readonly programName: string | null
  readonly model: string | null
  /** The agent definition to use (`build`, `plan` …), for backends that have such. */
  readonly mode: string | null
  /** `null`: as the backend is configured. */
  readonly permission: PermissionMode | null
  /** Over `permission`; of all that match, the last counts. */
  readonly permissionRules: readonly PermissionRule[]
  /** Variables for the agent's process, where it has one of its own. */
  readonly env: Readonly<Record<string, string>>
}

/** An agent that nobody has made yet, by what of its {@link CreateRequest} is known before it has an id. */
export type PlannedAgent = Omit<CreateRequest, 'id' | 'title' | 'prompt' | 'workspace' | 'env'>

/** What `create` made. */
export interface CreateResult {
  /** How this backend finds it again; opaque to everyone else. */
  readonly handle: JsonValue
  /** The server incarnation it lives in; `null` where the server cannot tell. */
  readonly epoch: string | null
  /** `true` when the program got its task as it was started; `begin` is then not called. */
  readonly begun: boolean
  /** The delivery of the task when `begun`. */
  readonly receipt: Receipt | null
  /** The name of the program that runs, the model that answers: what was really used. */
  readonly program: string | null
  readonly model: string | null
  /** `true`: its server had ended and was started again for it; turns that ran then are over. */
  readonly revived?: boolean
}

/** A message that was sent and whose arrival was not yet seen. `id` is the message id core gave it. */
export interface Attempt {
  readonly id: string
  readonly at: string
}

/** An agent as its backend knows it: the tag, where it is, and what was proven of it before. */
export interface AgentRef {
  readonly id: string
  readonly target: JsonValue
  /** `null` only when its spawn never recorded one. */
  readonly handle: JsonValue
  readonly directory: string
  /** What this backend asked core to keep: facts that can never change again. `null` when there are none. */
  readonly facts: JsonValue
  /** Messages, oldest first, whose arrival is not proven: a turn counts as ended only when none of them may still come. */
  readonly attempts: readonly Attempt[]
}

/** A value that was seen, or why it was not. */
export type Field<T> =
  | { readonly known: true; readonly value: T; readonly evidence: Evidence }
  | { readonly known: false; readonly reason: Reason }

/** The reason code of a field that this agent never shows, as opposed to one that could not be looked at. */
export const NOT_SHOWN = 'NOT_SHOWN'

/** The reason code of what costs reads of its own and was not asked for. */
export const NOT_ASKED = 'NOT_ASKED'

/** The reason code of a turn that was interrupted by the end of its server. */
export const SERVER_ENDED = 'SERVER_ENDED'

/**
 * Whether the agent's place is there. `gone`: looked, and it is not there any more; `lost`: the server
 * incarnation that held it is over and the conversation died with it.
 */
export type Existence = 'present' | 'gone' | 'lost'

/** The agent's own process. A backend whose agents have none reports `known: false`, reason {@link NOT_SHOWN}. */
export interface ProcessInfo {
  readonly alive: boolean
  readonly exit: Exit | null
}

/** The newest turn. `none`: no message was answered or is being answered yet. */
export type Turn =
  | { readonly status: 'none' }
  | { readonly status: 'running'; readonly since: string | null; readonly reason: Reason | null }
  | {
      readonly status: 'ended'
      readonly how: 'completed' | 'error' | 'interrupted'
      readonly at: string | null
      readonly reason: Reason | null
    }

/** What was seen of one agent in one look. */
export interface Observation {
  readonly id: string
  readonly at: string
  /** The model that answers, where that is shown: it is known even for an agent that was made without naming one. */
  readonly model?: string
  readonly existence: Field<Existence>
  readonly process: Field<ProcessInfo>
  readonly turn: Field<Turn>
  readonly requests: Field<readonly AgentRequest[]>
  readonly lastActivityAt: Field<string>
  /** All turns so far, subagents included; those that were retried, aborted or compacted as the provider counts them. */
  readonly usage: Field<Usage>
  /** New facts to keep, replacing the old ones; `undefined` when nothing was added. */
  readonly facts?: JsonValue
  /** Ids of the attempts that were found stored, and so need not be watched any more. */
  readonly arrived?: readonly string[]
  /** `true`: its server does not run, and what was said outlives it. A message would start the server first. */
  readonly asleep?: boolean
  /**
   * Only of a look that is to `explain`: everything that was looked at, by rank, each with why it would not decide; where
   * it does decide, it is the evidence of one of the fields above. Left out: those are all there is.
   */
  readonly looked?: readonly Finding[]
}

/** How closely to look. */
export interface ObserveQuery {
  /** Also at what ranks below the evidence that decides, and tell of all of it in `looked`. */
  readonly explain: boolean
  /**
   * `false`: nobody asks what was used, and a backend that would have to read whole transcripts for it leaves that
   * {@link NOT_ASKED}.
   */
  readonly usage: boolean
  /**
   * `true`: a `send` follows at once. What that checks itself in its act need not be seen, nor anything but whether it may
   * be sent: the state, with its requests. @default false
   */
  readonly beforeSend?: boolean
}

/** Something at a target that carries orch's tag. */
export interface Found {
  readonly id: string
  readonly target: JsonValue
  readonly handle: JsonValue
  /** Whether it was given its task. */
  readonly begun: 'yes' | 'no' | 'unknown'
  /** One line for people: which window, which session. */
  readonly detail: string
}

/** Something that runs at a server, was not made by orch and could be taken over. */
export interface Adoptable {
  /** What a person names it by: a pane, a session. */
  readonly place: string
  readonly target: JsonValue
  readonly title: string
  /** Where it works; `null`: that is not known. */
  readonly directory: string | null
  readonly program: string | null
  /** One line for people: which window, which session. */
  readonly detail: string
}

/** What is taken over, and under which id. */
export interface AdoptRequest {
  readonly id: string
  /** As {@link Adoptable} names it. */
  readonly place: string
  readonly target: JsonValue
}

/** One bulk look. */
export interface ObserveResult {
  /** One for each agent asked for, in any order; `unknown(reason)` fields where the look failed. */
  readonly observations: readonly Observation[]
  /** Everything tagged that the same look showed, or `null` when it does not show that. */
  readonly found: readonly Found[] | null
  /** `false` when some part of the look failed or ran out of time. */
  readonly complete: boolean
  /** The new-agent target's server as this look showed it. */
  readonly server: ServerInfo
}

/** Whether the backend's server answered, and who it is. */
export interface ServerInfo {
  readonly ok: boolean
  readonly version: string | null
  readonly epoch: string | null
  /** Why it is not `ok`. */
  readonly error: Reason | null
}

/** One line of `orch doctor`. `fix` is a command. */
export interface Check {
  readonly name: string
  readonly result: 'ok' | 'warn' | 'fail'
  readonly text: string
  readonly fix?: string
}

/** What `probe` found. `ok`: a server answered; `startable`: none does, and `create` would start one. */
export interface ProbeResult extends ServerInfo {
  readonly startable: boolean
  readonly checks: readonly Check[]
}

/** Which part of the transcript: the newest `last` items, or what came after `after`. */
export interface ReadQuery {
  /** Exactly so many, or all there are when there are fewer. 1 to 100,000. */
  readonly last: number
  /** Only what lies before this cursor: to page back. */
  readonly before: string | null
  /** `true` keeps bytes as the program wrote them, terminal control sequences included. */
  readonly raw: boolean
  /** Also what the newest turns used, at most so many; never together with `before`. @default 0 */
  readonly turns?: number
  /**
   * Capability `screen`. Instead of the transcript what a person would see in the agent's window now: one item of the kind
   * `screen` for each row, the empty ones at the end left out, and of these the last. With `raw`, each row begins and ends
   * without colours. Never together with `before`. @default false
   */
  readonly screen?: boolean
}

/** A page of the transcript, oldest first. */
export interface ReadResult {
  readonly items: readonly Item[]
  /** Where the page begins: `before` of the next call; `null` when nothing lies before it. */
  readonly before: string | null
  /** What may be missing and why. */
  readonly gap: Reason | null
  /** The turns asked for, oldest first; left out by a backend that does not know what a turn used. */
  readonly turns?: readonly TurnUsage[]
}

/** A pushed event. `ready` comes once, first: from then on nothing is missed without a `gap`. */
export type BackendEvent =
  | { readonly type: 'ready' }
  /** State-relevant: observe this agent again. */
  | { readonly type: 'changed'; readonly agent: string }
  /** Only with `content`: an item appeared or changed (upsert by `item.id`). */
  | { readonly type: 'item'; readonly agent: string; readonly item: Item }
  /** Only with `content`: text to append to an item already announced or still unknown. */
  | { readonly type: 'delta'; readonly agent: string; readonly itemId: string; readonly text: string }
  /** Something may have been missed, for one agent or (`null`) all: observe and read again. */
  | { readonly type: 'gap'; readonly agent: string | null; readonly reason: Reason }

/** What to follow. */
export interface EventsQuery {
  /** Also `item` and `delta` events, for `tail -f`. */
  readonly content: boolean
  readonly raw: boolean
}

/** A message to deliver, unaltered or not at all. */
export interface Message {
  /** Core's id for it; a backend tags the message with it where it can, and finds it back by it. */
  readonly id: string
  readonly text: string
  /**
   * Capability `attachments`: files to deliver with it, checked by core before. Read them with `readAttachment`, before
   * acting. Left out when there are none.
   */
  readonly attachments?: readonly Attachment[]
}

/** How a request is answered. Exactly one of `choice` and `text` is not `null`. */
export interface Reply {
  readonly requestId: string
  /** One of the request's choice ids. */
  readonly choice: string | null
  readonly text: string | null
}

/** What became of a reply. */
export interface AnswerResult {
  readonly result: 'answered' | 'already' | 'gone'
  readonly evidence: readonly Evidence[]
}

/** A program for a person's terminal that shows an agent, to look and to type. Its end leaves the agent as it is. */
export interface Viewer {
  readonly command: string
  readonly args: readonly string[]
  /** Instead of `args`, to look without typing; left out by a program that cannot keep anybody from typing. */
  readonly readOnlyArgs?: readonly string[]
  /** Added to the environment; may hold a password. */
  readonly env: Readonly<Record<string, string>>
  /** Where it is run. */
  readonly directory: string
}

/** What became of an interruption. `interrupted: false` means that no turn was running. */
export interface InterruptResult {
  readonly interrupted: boolean
  readonly evidence: readonly Evidence[]
  /** The texts of messages that waited behind the turn and went with it: nobody answers them. */
  readonly dropped?: readonly string[]
}

/** What `server start|stop|status` did or found. */
export interface ServerReport extends ServerInfo {
  readonly url: string | null
  readonly pid: number | null
  /** `orch`: orch started it; `configured`: given by configuration or environment, never stopped by orch. */
  readonly owner: 'orch' | 'configured' | null
  /** Since when it runs, ISO 8601; left out when that is not known. */
  readonly startedAt?: string
  /** The file on this machine that holds what it prints, also once it has ended; left out when there is none. */
  readonly log?: string
  readonly evidence: readonly Evidence[]
}

/** A backend's own server, for backends with the capability `server`. */
export interface ServerControl {
  /** Starts it unless it runs. */
  start(signal: AbortSignal): Promise<ServerReport>
  /** Ends it and proves it; stopping twice is fine. */
  stop(signal: AbortSignal): Promise<ServerReport>
  /** Never starts it. */
  status(signal: AbortSignal): Promise<ServerReport>
}

/**
 * The backend contract (design §5). Core is the gate: it validates, fills defaults, applies deadlines and names
 * the backend in errors; a backend gets complete arguments and translates. Every method rejects with an
 * `OrchError`, or with `signal.reason` when aborted. "Could not look" is a value, not an error: `observe` reports it.
 */
export interface Backend {
  /** As configured: `host.name`. */
  readonly name: string
  /** Where new agents go: which server, which socket. Stored before anything is created. */
  readonly target: JsonValue
  /** What it can for one agent, or (`null`) for an agent it would create now. Answers without a look. */
  capabilitiesOf(agent: AgentRef | null): readonly Capability[]
  /**
   * What `capabilitiesOf` would say of an agent that `create` makes of this plan, without `answers` for one that would be given
   * no task. Makes nothing. Left out by a backend whose agents can all do what `capabilitiesOf(null)` says.
   * @throws OrchError as `create` would: `PROGRAM_MISSING` …
   */
  capabilitiesFor?(plan: PlannedAgent, signal: AbortSignal): Promise<readonly Capability[]>
  /** Is the new-agent target reachable, or startable? Health is an answered request. Starts nothing. */
  probe(signal: AbortSignal): Promise<ProbeResult>
  /**
   * Makes the agent's place under its id as tag; looks before it creates.
   * @throws OrchError `AGENT_EXISTS` when something with that tag is there; nothing was made.
   */
  create(request: CreateRequest, signal: AbortSignal): Promise<CreateResult>
  /** Gives the task to an agent that was created with `begun: false`. Never an automatic second try. */
  begin(agent: AgentRef, message: Message, signal: AbortSignal): Promise<Receipt>
  /** Everything tagged at these targets. Rejects when it could not look: an empty list is proof. */
  find(targets: readonly JsonValue[], signal: AbortSignal): Promise<readonly Found[]>
  /** One bulk look at any number of agents. Starts no server. @param query left out: not explained, with all that was used */
  observe(agents: readonly AgentRef[], signal: AbortSignal, query?: ObserveQuery): Promise<ObserveResult>
  /** A page of the transcript. */
  read(agent: AgentRef, query: ReadQuery, signal: AbortSignal): Promise<ReadResult>
  /** Pushed events until `signal` aborts, after which it returns. One subscription per server, not per agent. */
  events(agents: readonly AgentRef[], query: EventsQuery, signal: AbortSignal): AsyncIterable<BackendEvent>
  /** Delivers unaltered, or refuses before acting; safe against two senders. Checks identity in the same act. */
  send(agent: AgentRef, message: Message, signal: AbortSignal): Promise<Receipt>
  /** Ends the agent and everything attributable to it. Stopping twice is fine. */
  stop(agent: AgentRef, signal: AbortSignal): Promise<StopProof>
  /** Frees this client's resources; agents live on. */
  close(): Promise<void>
  /**
   * Capability `answers`. What the agent finally said to a message that core gave this id; as it was written. `null`
   * before the end of its turn, when that was broken off or failed, and when no such message is stored. Of several
   * messages that got one answer, each has that one. Starts no server.
   * @param messageId `null`: its task, which `create` may have given it, or a process that died before it noted the id
   */
  finalAnswer?(agent: AgentRef, messageId: string | null, signal: AbortSignal): Promise<FinalAnswer | null>
  /** Capability `requests`. Bound to one request. */
  answer?(agent: AgentRef, reply: Reply, signal: AbortSignal): Promise<AnswerResult>
  /**
   * Capability `attach`. What shows the agent in a terminal; starts nothing there. Its server is started if need be.
   * @throws OrchError when the agent is not there, or its program is missing.
   */
  attach?(agent: AgentRef, signal: AbortSignal): Promise<Viewer>
  /** Capability `interrupt`. */
  interrupt?(agent: AgentRef, signal: AbortSignal): Promise<InterruptResult>
  /**
   * Capability `resume`. Makes the place of an agent again whose process or server is gone, and goes on with its
   * conversation under the same id; `request.prompt` is not given again, so the result is `begun`.
   * @throws OrchError `AGENT_EXISTS` when the agent is there and runs; nothing was made.
   */
  resume?(agent: AgentRef, request: CreateRequest, signal: AbortSignal): Promise<CreateResult>
  /**
   * Capability `adopt`. What could be taken over: everything that runs and carries nobody's tag. Starts no server.
   * @param server which one, as the backend names it to people; `null`: those that the caller is most likely to mean
   * @throws OrchError when it could not look
   */
  adoptable?(server: string | null, signal: AbortSignal): Promise<readonly Adoptable[]>
  /**
   * Capability `adopt`. Takes over what runs there: from then on it carries orch's tag and is an agent like any other, `begun`.
   * It is neither started again nor renamed, and gets no message.
   * @throws OrchError `AGENT_NOT_FOUND` when it is not there, `AGENT_EXISTS` when it is an agent, or the id is taken; nothing was changed
   */
  adopt?(request: AdoptRequest, signal: AbortSignal): Promise<CreateResult>
  /** Capability `server`. */
  readonly server?: ServerControl
}
