import type { Agent, State } from '../agent.ts'
import type { BackendFactory, BackendModule, PermissionMode, PermissionRule } from '../backend.ts'
import type { Labels } from '../labels.ts'
import type { Delivered } from '../registry/record.ts'

/** A backend orch knows by name and loads only when it is needed. */
export interface KnownBackend {
  readonly name: string
  /** Whether its option `server` is the URL of a server that somebody else runs. @default false */
  readonly takesServer?: boolean
  load(): Promise<BackendModule>
}

/** How {@link openOrch} is opened. */
export interface OrchOptions {
  /** Where the caller stands; the project is found from here. @default process.cwd() */
  readonly directory?: string
  /** Backends that can be loaded by name, in the order in which a default is looked for. @default [] */
  readonly knownBackends?: readonly KnownBackend[]
  /** Backends given as objects, for embedders; they come before the known ones. */
  readonly backends?: Readonly<Record<string, BackendFactory>>
  /** The backend for new agents; outranks environment and configuration (`--backend`). */
  readonly backend?: string | undefined
  /** URL of a server for new agents: option `server` of that backend, or of the first known one that takes it (`--server`). */
  readonly server?: string | undefined
  /** Environment to read configuration from and to hand to agents. @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The verb that this is opened for, as records note who changed them. @default none: a program that embeds orch */
  readonly verb?: string
  /**
   * The literal way to call orch, for agents to report with, and for what a look hands over; without it they are told to
   * write a `Phase:` line.
   */
  readonly command?: readonly string[]
  /**
   * What to do about a configuration file that is not valid: `leave-out` goes on without what is wrong in it, for what
   * reports, looks or ends, and must not make anything new. @default 'refuse'
   */
  readonly brokenConfig?: 'refuse' | 'leave-out' | undefined
  /** Deadline of one backend call, in milliseconds (`--request-timeout`). @default 30000 */
  readonly requestTimeoutMs?: number | undefined
}

/** Whether to stay until the turn of a message is over. */
export interface TurnOptions {
  /** Waits for the end of the turn and brings its final answer. @default false */
  readonly wait?: boolean | undefined
  /** How long, with `wait`. @default 1800000 */
  readonly timeoutMs?: number | undefined
}

/** An agent that another one is to start after. */
export interface AfterOption {
  /** Its id, a unique beginning of it, or `@last`; in `spawnEach` also the `name` of another task. */
  readonly agent: string
  /** @default 'done' */
  readonly state?: State | undefined
}

/** What `spawn` takes. */
export interface SpawnOptions extends TurnOptions {
  /** The whole task. */
  readonly task: string
  /** Is told the id as soon as the record is there: what is cut off later can be looked up by it. */
  readonly onClaimed?: ((id: string) => void) | undefined
  /** Is told, once, why nothing goes on for some seconds: with a key whose spawn was cut off. */
  readonly onWait?: ((why: string) => void) | undefined
  /** The slug of the id instead of one made from the task. `[a-z0-9-]`, at most 40 characters. */
  readonly name?: string | undefined
  /** As the backend names it, or a short name of the configuration. */
  readonly model?: string | undefined
  /** The agent definition of the backend (`--as build`). */
  readonly mode?: string | undefined
  /** A program by its configured name. */
  readonly program?: string | undefined
  /** A program by its command line (`--program -- CMD ARG…`). */
  readonly programCommand?: readonly string[] | undefined
  /** Makes a git worktree and a branch `orch/<id>` for it, where it works alone. @default false */
  readonly worktree?: boolean | undefined
  /** At most one agent per project and key, ever. */
  readonly key?: string | undefined
  /** The agent that starts it, by its id or a unique prefix. @default the one named by `ORCH_AGENT_ID` */
  readonly parent?: string | undefined
  /** What it can be selected by, as `parseLabels` gives them. @default {} */
  readonly labels?: Labels | undefined
  /** What it may do without asking. @default as its backend is configured */
  readonly permission?: PermissionMode | undefined
  /** Over `permission`; of all that match, the last counts. @default [] */
  readonly permissionRules?: readonly PermissionRule[] | undefined
  /** Paths of files that go with the task; relative ones begin at the caller's directory. @default [] */
  readonly attach?: readonly string[] | undefined
  /** Paths of texts that go into its context whole, as they are now; relative ones begin at the caller's directory. @default [] */
  readonly context?: readonly string[] | undefined
  /** The skill it works by, by name. */
  readonly skill?: string | undefined
  /** Paths of what it has to make, relative to its directory unless absolute; beside those of its skill. @default [] */
  readonly deliverables?: readonly string[] | undefined
  /** The command that has to pass before it is completed, as its words. @default that of its skill, else of the configuration */
  readonly verify?: readonly string[] | undefined
  /**
   * It is started once one of so many places of the project is free; until then it is queued. 0: no place is needed.
   * @default `maxParallel` of the configuration
   */
  readonly maxParallel?: number | undefined
  /** It is started once each of these agents is in that state; until then it is queued. @default [] */
  readonly after?: readonly AfterOption[] | undefined
  readonly signal?: AbortSignal | undefined
}

/** One of several tasks that are spawned together. */
export interface SpawnTask extends Omit<SpawnOptions, keyof TurnOptions | 'signal'> {
  /** Where it was written, for errors: `line 3 of "tasks.txt"`. @default `task N` */
  readonly place?: string | undefined
}

/** What `spawnEach` takes. */
export interface SpawnEachOptions extends CallOptions, TurnOptions {
  /** Is told how the agents stand at each look, with `wait`. */
  readonly onLook?: ((agents: readonly Agent[]) => void) | undefined
}

/** What `status` takes. */
export interface StatusOptions {
  /** All projects instead of the one the caller stands in. @default false */
  readonly allProjects?: boolean | undefined
  /** Only agents in these states. */
  readonly states?: readonly State[] | undefined
  /** Also agents whose record is closed. @default false */
  readonly ended?: boolean | undefined
  /** Only agents with such labels: `k=v`, `k!=v`, `k`, `!k`. */
  readonly selectors?: readonly string[] | undefined
  /** Only agents of this backend. */
  readonly backend?: string | undefined
  /** Also what was used by agents whose transcripts have to be read for it. @default false */
  readonly usage?: boolean | undefined
  /**
   * Whether it also starts what takes long, as a server is started or a worktree set up first, and resolves only then. Else
   * a process of its own, called as `command` of {@link OrchOptions} says, starts those with a worktree; without such a
   * `command` they are waited for. @default false
   */
  readonly start?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** What `watchStatus` takes. */
export interface WatchOptions extends StatusOptions, NotifyOptions {
  /** Also what shows no change, as the safety net looks now and then. @default false */
  readonly everyLook?: boolean | undefined
}

/** What those take who watch agents. */
export interface NotifyOptions {
  /** The words of a command that is run for each change of a state. @default as configured */
  readonly notify?: readonly string[] | undefined
}

/** What `adopt` takes. */
export interface AdoptOptions extends CallOptions {
  /** The server it runs at, as its backend names it to people: a socket. @default those that are most likely meant */
  readonly server?: string | undefined
  /** What it works at. @default its title */
  readonly task?: string | undefined
  /** The slug of its id instead of one made from the task. */
  readonly name?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** What `clean` takes. */
export interface CleanOptions extends CallOptions {
  /** Only these agents, of any project. @default all of the project */
  readonly ids?: readonly string[] | undefined
  /** All projects instead of the one the caller stands in. @default false */
  readonly allProjects?: boolean | undefined
  /** Only agents with such labels: see `parseSelectors`. */
  readonly selectors?: readonly string[] | undefined
  /** Only agents that ended longer ago, in milliseconds. */
  readonly olderThanMs?: number | undefined
  /** Also their records: `history` forgets them, and their audit trails go. @default false */
  readonly records?: boolean | undefined
  /** Looks only. @default false */
  readonly dryRun?: boolean | undefined
}

/** What `recover` takes. */
export interface RecoverOptions extends CallOptions {
  /** All projects instead of the one the caller stands in. @default false */
  readonly allProjects?: boolean | undefined
  /** Looks only. @default false */
  readonly dryRun?: boolean | undefined
}

/** What `history` takes. */
export interface HistoryOptions extends CallOptions {
  /** All projects instead of the one the caller stands in. @default false */
  readonly allProjects?: boolean | undefined
  /** Only agents in these states. */
  readonly states?: readonly State[] | undefined
  /** Only agents of this backend. */
  readonly backend?: string | undefined
  /** Only agents that had not ended by then, ISO 8601. */
  readonly since?: string | undefined
  /** Only agents that were spawned by then, ISO 8601. */
  readonly until?: string | undefined
  /** Only agents with these labels: see `parseSelectors`. */
  readonly selectors?: readonly string[] | undefined
  /** Only so many of the newest. @default all */
  readonly last?: number | undefined
}

/** What every verb on one agent takes. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** What `abandon` takes. */
export interface AbandonOptions extends CallOptions {
  /** Why, in a person's words: kept in the record and shown. One line of at most 500 characters. */
  readonly reason?: string | undefined
}

/** What `attach` takes. */
export interface AttachOptions extends CallOptions {
  /** To look without typing. @default false */
  readonly readOnly?: boolean
}

/** What `tail` takes. */
export interface TailOptions extends CallOptions {
  /** Exactly so many lines or items. @default 20 */
  readonly last?: number | undefined
  /** What came after a line, by its `cursor`, instead of the newest ones: newer items, and those unfinished then. */
  readonly since?: string | undefined
  /** Also what the model thought. @default false */
  readonly reasoning?: boolean | undefined
  /** Goes on with what comes, until the agent's end or `signal`. @default false */
  readonly follow?: boolean | undefined
  /** Terminal control sequences as the program wrote them. @default false */
  readonly raw?: boolean | undefined
  /** Instead: what a person would see in the agent's window now, all of it unless `last` is given. @default false */
  readonly screen?: boolean | undefined
  /** With `screen`: with its colours, and without any other control sequence. @default false */
  readonly colors?: boolean | undefined
}

/** What `server logs` takes. */
export interface ServerLogsOptions extends CallOptions {
  /** At most so many lines. @default 20 */
  readonly last?: number | undefined
  /** Goes on with what comes, until `signal`. @default false */
  readonly follow?: boolean | undefined
}

/** What `send` takes. */
export interface SendOptions extends CallOptions, TurnOptions {
  /** Sends even while the agent is being ended, waits on a request, or could not be looked at. @default false */
  readonly force?: boolean | undefined
  /**
   * `idle`: the message is given now if the agent is idle, else kept in its record until an orch process sees it idle.
   * Not with `force`. @default now, whatever the agent does
   */
  readonly when?: 'idle' | undefined
  /** Paths of files that go with the message; relative ones begin at the caller's directory. @default [] */
  readonly attach?: readonly string[] | undefined
}

/** What `wait` takes. */
export interface WaitOptions extends CallOptions, NotifyOptions {
  /** @default ['done'] */
  readonly until?: readonly State[] | undefined
  /** A phase to wait for instead of a state; compared exactly, in any case. */
  readonly phase?: string | undefined
  /** `each`: until each of them got there or cannot any more, whatever becomes of the others. @default 'all' */
  readonly mode?: 'all' | 'any' | 'each' | undefined
  /** With mode `any`: so many of them. @default 1 */
  readonly first?: number | undefined
  /** @default 1800000 */
  readonly timeoutMs?: number | undefined
  /** Is told how the agents stand at each look, to show it to a person. What it throws ends the wait. */
  readonly onLook?: ((agents: readonly Agent[]) => void) | undefined
}

/** What `answer` takes. Without `choice` and `text` it lists what is open. */
export interface AnswerOptions extends CallOptions {
  readonly choice?: string | undefined
  readonly text?: string | undefined
  readonly requestId?: string | undefined
}

/** What `resume` takes. */
export interface ResumeOptions extends CallOptions {
  /** What the agents are told. @default to go on from where they stopped */
  readonly message?: string | undefined
  /** Looks only. @default false */
  readonly dryRun?: boolean | undefined
}

/** What `complete` takes. */
export interface CompleteOptions extends CallOptions {
  /**
   * What becomes of the work in its worktree, before it is ended: merged into the branch that the main checkout stands on;
   * pushed, with a pull request; written as a patch into its workspace; or kept on its branch. @default 'keep'
   */
  readonly deliver?: Delivered['how'] | undefined
  /** Completes in spite of failed checks, and records which. @default false */
  readonly force?: boolean | undefined
  /** Only verifies, its command included. @default false */
  readonly dryRun?: boolean | undefined
  /** The words of the command that has to pass, instead of those that were agreed on at spawn. */
  readonly verify?: readonly string[] | undefined
  /** How long that may take, in milliseconds. @default 600000 */
  readonly verifyTimeoutMs?: number | undefined
  /** Whether what it changed has to be committed. @default false */
  readonly committed?: boolean | undefined
}

/** What `ask` takes. */
export interface AskOptions extends CallOptions {
  /** The full id of the agent that asks. */
  readonly id: string
  /** Its lines are joined to one. */
  readonly question: string
  /** How long to wait for an answer. @default 1800000 */
  readonly timeoutMs?: number | undefined
}

/** What `phase` takes. Needs no registry: the workspace is found by project and id. */
export interface PhaseOptions {
  readonly id: string
  readonly phase: string
  readonly note?: string | undefined
}
