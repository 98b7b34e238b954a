import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Backend, BackendHost } from '../backend.ts'
import { type Config, loadConfig, stateDirectory } from '../config/config.ts'
import { isOrchError, OrchError, withContext } from '../errors.ts'
import { preparePrivateDirectory } from '../private-directory.ts'
import { findProject } from '../project.ts'
import { type Claims, createFileClaims } from '../registry/claims.ts'
import { createJsonlRegistry } from '../registry/jsonl-registry.ts'
import type { Actor } from '../registry/record.ts'
import type { Registry } from '../registry/registry.ts'
import { DeadlineError, TIMING, withDeadline } from '../timing.ts'
import { tagOf } from '../unique.ts'
import { withServer } from './given-server.ts'
import { createBackendLoader } from './load-backend.ts'
import type { KnownBackend, OrchOptions } from './options.ts'

/** What every verb works with. Open it once with {@link openOrch}; `close` it when done. */
export interface Orch {
  /** The main checkout of the project the caller stands in. */
  readonly project: string
  /** Where the caller stands: new agents work here. */
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly config: Config
  /** What is wrong with the configuration files, where that was to be left out: see {@link OrchOptions.brokenConfig}. */
  readonly configProblems: readonly OrchError[]
  readonly registry: Registry
  /** Claims that gate effects outside the registry. */
  readonly claims: Claims
  /** The backend asked for by the caller (`--backend`), or `null`. */
  readonly backendName: string | null
  /** Names a default is looked for in, in this order. */
  readonly knownNames: readonly string[]
  /** Every name that {@link Orch.backend} can open. */
  readonly backendNames: readonly string[]
  readonly command: readonly string[] | null
  readonly requestTimeoutMs: number
  /**
   * Opens a backend once.
   * @throws OrchError `BACKEND_UNKNOWN`, `BACKEND_INVALID`, `CONFIG_INVALID`
   */
  backend(name: string): Promise<Backend>
  /** Frees every opened backend; agents live on. */
  close(): Promise<void>
}

/**
 * Opens orch for the project that `directory` lies in. Reads the configuration; opens no backend, starts nothing.
 * @throws OrchError `PROJECT_NOT_FOUND`, `CONFIG_INVALID`, `USAGE`, `PERMISSION_DENIED`, `DISK`
 */
export async function openOrch(options: OrchOptions = {}): Promise<Orch> {
  const env = options.env ?? process.env
  const place = findProject(options.directory)
  const configProblems: OrchError[] = []
  const isTolerant = options.brokenConfig === 'leave-out'
  const loaded = await loadConfig(place.project, env, isTolerant ? (one) => configProblems.push(one) : undefined)
  const state = stateDirectory(env)
  preparePrivateDirectory(state)
  const known: readonly KnownBackend[] = options.knownBackends ?? []
  const { config, backendName } = withServer(loaded, options)
  const given = options.backends ?? {}
  const opened = new Map<string, Promise<Backend>>()
  const load = createBackendLoader({ config, configProblems, known, given })
  const knownNames = [...new Set([...Object.keys(given), ...known.map(({ name }) => name)])]

  return {
    ...place,
    env,
    config,
    configProblems,
    registry: createJsonlRegistry(state, () => actorOf(env, options.verb ?? null)),
    claims: createFileClaims(join(state, 'claims')),
    backendName,
    knownNames,
    backendNames: [...new Set([...knownNames, ...Object.keys(config.backends)])],
    command: options.command ?? null,
    requestTimeoutMs: options.requestTimeoutMs ?? TIMING.requestTimeoutMs,
    backend: (name) => {
      const before = opened.get(name)
      if (before) return before
      const opening = load(name, () => hostFor(name, state, env))
      opened.set(name, opening)
      return opening
    },
    close: async () => {
      const backends = await Promise.allSettled(opened.values())
      opened.clear()
      for (const backend of backends) if (backend.status === 'fulfilled') await backend.value.close()
    },
  }
}

/**
 * Runs one backend call under core's deadline and gives its errors their context.
 * @throws OrchError `TIMEOUT` at the deadline, the backend's own, or `INTERNAL` for anything else; `signal.reason` at abort
 */
export async function callBackend<T>(
  call: {
    readonly backend: string
    readonly agent?: string
    /** What is tried, for the text: `observe`. */
    readonly verb: string
    readonly timeoutMs: number
    readonly signal?: AbortSignal | undefined
    /** Whether a call that ran out of time may have changed something. @default false */
    readonly acts?: boolean
  },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await withDeadline(call.timeoutMs, call.signal, work)
  } catch (cause) {
    if (call.signal?.aborted) throw call.signal.reason
    const context = { agent: call.agent, backend: call.backend }
    if (isOrchError(cause)) throw withContext(cause, context)
    const object = `"${call.agent ?? call.backend}"`
    if (cause instanceof DeadlineError) {
      throw new OrchError('TIMEOUT', `Cannot ${call.verb} ${object}: no answer within ${cause.afterMs} ms`, {
        ...context,
        hint: 'Try again, or allow more time with --request-timeout',
        outcome: call.acts ? 'unknown' : 'none',
        retryable: !call.acts,
        cause,
      })
    }
    throw new OrchError('INTERNAL', `Cannot ${call.verb} ${object}: ${(cause as Error).message}`, {
      ...context,
      hint: 'Please report this with the output of "orch doctor"',
      outcome: call.acts ? 'unknown' : 'none',
      cause,
    })
  }
}

function hostFor(name: string, state: string, env: Orch['env']): BackendHost {
  const namespace = tagOf(`${hostname()}\0${state}`)
  return { name, stateDirectory: state, namespace, env }
}

/** Who this process acts for, as records note it. */
function actorOf(env: Orch['env'], verb: string | null): Actor {
  return { user: userName(), host: hostname(), pid: process.pid, agent: env.ORCH_AGENT_ID || null, verb }
}

/** A user of a container often has no name: then the number stands for it. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
