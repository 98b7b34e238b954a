import type { AgentRef, Backend, BackendFactory, BackendHost, CreateRequest, Observation } from '../backend.ts'
import type { JsonObject } from '../json.ts'

/** The fields of an {@link Observation} that may be unknown. */
export type ObservedField = Exclude<
  keyof Observation,
  'id' | 'at' | 'model' | 'facts' | 'arrived' | 'asleep' | 'looked'
>

/** A situation that the suite brings an agent into. */
export type Situation =
  /** made, not given its task unless `create` did so */
  | 'created'
  /** its program has its first prompt */
  | 'begun'
  /** in a turn that stays open */
  | 'working'
  /** after a turn */
  | 'idle'
  /** with an open request */
  | 'waiting'
  /** its program ended by itself */
  | 'exited'
  | 'stopped'
  /** its server was killed */
  | 'killed'

/** Which fields a backend promises to know in each situation it can get into. */
export type KnownFields = Readonly<Partial<Record<Situation, readonly ObservedField[]>>>

/**
 * Prompts that make the program or model behind the backend do something. Everything the suite says to an agent is
 * either one of these or a text without meaning, which an agent must take as it is and answer somehow.
 */
export interface Prompts {
  /** Says `text` (letters, digits and spaces) and ends the turn. */
  answer(text: string): string
  /** Says `text` and keeps the turn open until {@link World.finish}. */
  work(text: string): string
  /** Opens a question or a permission request. Only with capability `requests`. */
  ask(text: string): string
  /** Ends the turn in an error. Only with capability `turns`. */
  fail(): string
  /** Ends the program with this exit code. Only with capability `programs`. */
  exit(code: number): string
  /** From then on the program and a child that it starts ignore HUP, INT and TERM. Only with capability `programs`. */
  stubborn(): string
}

/** How a further orch process opens the backend of a world, on the same server. */
export interface Elsewhere {
  /** The URL of a module that exports `createBackend`. */
  readonly module: string
  readonly options: JsonObject
  readonly host: Pick<BackendHost, 'name' | 'stateDirectory' | 'namespace'>
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Arguments for `node` itself, where its module needs some. */
  readonly nodeArguments: readonly string[]
}

/** How a further client is opened. */
export interface OpenOptions {
  /** Another registry on the same server. @default the world's own */
  readonly namespace?: string
}

/**
 * One fresh place for one case: a server, or a namespace of its own on a shared one, with nothing of another case in it.
 * A world that waits does so by evidence; the suite gives each case a deadline.
 */
export interface World {
  /** The client under test. */
  readonly backend: Backend
  readonly prompts: Prompts
  readonly known: KnownFields
  /** A further client of the same server, as another process would open it. */
  open(options?: OpenOptions): Promise<Backend>
  /** How a process opens one; `null` when the server lives in this process, which then stands for several. */
  readonly elsewhere: Elsewhere | null
  /** How many requests or processes the clients made so far, where the world can count them. */
  looks?(): number
  /** A complete request with a fresh id, an existing directory and an existing workspace. */
  request(overrides?: Partial<CreateRequest>): CreateRequest
  /** What makes an agent cheap that is only looked at, for fifty of them at once. @default {} */
  readonly light?: Partial<CreateRequest>
  /** The texts that the agent's program or model was given, oldest first, byte for byte. */
  received(agent: AgentRef): Promise<readonly string[]>
  /** The contents of the files that it was given, base64, oldest first. Only with capability `attachments`. */
  attached?(agent: AgentRef): Promise<readonly string[]>
  /** Lets an open `prompts.work` go on to the end of its turn. */
  finish(agent: AgentRef): Promise<void>
  /** Starts something that runs there and is no agent; its `place`, and which server. Only with capability `adopt`. */
  stranger?(): Promise<{ readonly place: string; readonly server: string | null }>
  /** Ends the server as `kill -9` does, and returns when it is gone. */
  killServer(): Promise<void>
  /** Makes the server stop answering, as `kill -STOP` does, until {@link World.thaw}. */
  freezeServer(): Promise<void>
  thawServer(): Promise<void>
  /** What of this world's agents is still there or still runs: one line each, after every agent was stopped. */
  leftovers(): Promise<readonly string[]>
  /** Ends everything the world started and removes its files; called once, also after a failure. */
  dispose(): Promise<void>
}

/** The part of jest, vitest, mocha or `node:test` that the suite uses. */
export interface ContractRunner {
  describe(name: string, body: () => void): void
  it: ContractTest & { skip?: ContractTest }
}

type ContractTest = (name: string, body: () => Promise<void>, timeoutMs?: number) => void

/** What a backend gives to `runBackendContract`. */
export interface ContractOptions {
  /** The backend's name, as `ORCH_REQUIRE_BACKENDS` knows it. */
  readonly name: string
  /** Which of several ways to use the backend this run is about; part of the title. */
  readonly variant?: string
  readonly runner: ContractRunner
  /** The backend as its author configures it: asked once for its capabilities, which select the cases. */
  readonly factory: BackendFactory
  readonly setup: () => Promise<World>
  /** Cases that fail today, each with its reason. Strict: one that passes fails the suite. @default {} */
  readonly knownGaps?: Readonly<Record<string, string>>
  /** Why this machine cannot run the backend (`tmux is not on PATH`), or `null`. @default () => null */
  readonly missing?: () => string | null
  /** How long a case waits for something to be seen, in milliseconds. @default 20000 */
  readonly patienceMs?: number
}
