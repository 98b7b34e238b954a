import type { Capability } from '../agent.ts'
import { OrchError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import type { MemoryServer } from './server.ts'

/** A place in a call where a knob acts: before the server is reached, or after it did the work. */
export type MemoryPoint =
  `${'create' | 'begin' | 'find' | 'observe' | 'read' | 'send' | 'stop' | 'answer' | 'interrupt' | 'resume' | 'adopt'}:${'before' | 'after'}`

/** A crash at a named point. */
export interface MemoryCrash {
  readonly at: MemoryPoint
  /** `reject`: the call rejects with `BACKEND_ERROR`, outcome unknown; `die`: this process is killed. */
  readonly how: 'reject' | 'die'
}

/** The knobs of the memory backend. Everything but `server` and `barrier` may stand in the configuration. */
export interface MemoryOptions {
  /** The server to use. @default one of its own for each call of `memory()` */
  readonly server?: MemoryServer
  /** A directory for a server that several processes share; not with `server`. */
  readonly directory?: string
  /**
   * Whether conversations outlive the server, as with a server that stores them; such agents have no process of
   * their own. Otherwise agents die with it, as in a terminal multiplexer. @default false
   */
  readonly survives?: boolean
  /** Capabilities to switch off. @default [] */
  readonly without?: readonly Capability[]
  /** How long each call takes, in milliseconds. @default 0 */
  readonly delayMs?: number
  /** How long to wait for a server that does not answer, in milliseconds. @default 5000 */
  readonly deadlineMs?: number
  readonly crash?: MemoryCrash
  /** Called at every point; what it returns is awaited, what it throws is thrown by the call. */
  readonly barrier?: (point: MemoryPoint) => Promise<void> | void
}

const READERS: { readonly [key: string]: (value: unknown) => boolean } = {
  directory: (value) => typeof value === 'string' && value !== '',
  survives: (value) => typeof value === 'boolean',
  without: (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'string'),
  delayMs: isDuration,
  deadlineMs: isDuration,
  crash: (value) => typeof value === 'object' && value !== null && 'at' in value && 'how' in value,
}

/**
 * Checks options from a configuration file.
 * @throws OrchError `CONFIG_INVALID` names the first key that is unknown or has a wrong value.
 */
export function parseOptions(options: JsonObject): MemoryOptions {
  for (const [key, value] of Object.entries(options)) {
    if (key === 'module') continue
    const accepts = Object.hasOwn(READERS, key) ? READERS[key] : undefined
    if (accepts?.(value)) continue
    const state = accepts ? 'its value is not valid' : 'no such option'
    throw new OrchError('CONFIG_INVALID', `Cannot read option "${key}" of the memory backend: ${state}`, {
      hint: `Correct or remove "${key}"; valid are ${Object.keys(READERS).join(', ')}`,
    })
  }
  return options as MemoryOptions
}

function isDuration(value: unknown): boolean {
  return typeof value === 'number' && value >= 0
}
