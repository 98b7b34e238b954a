import type { Backend, ProgramSpec } from '../backend.ts'
import { isOrchError, OrchError } from '../errors.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import { TIMING } from '../timing.ts'

/** The program asked for: complete when the configuration or the command line says it, else only its name. */
export interface ChosenProgram {
  readonly spec: ProgramSpec | null
  readonly name: string | null
}

/** Finds the program among the configured ones. A name that is not there is left to the backend. */
export function chooseProgram(orch: Orch, options: SpawnOptions): ChosenProgram {
  const [command, ...args] = options.programCommand ?? []
  if (command !== undefined) {
    const name = command.slice(command.lastIndexOf('/') + 1)
    return { spec: { name, command, args, env: {}, promptBy: null }, name: null }
  }
  if (options.program === undefined) return { spec: null, name: null }
  const { programs } = orch.config
  const spec = (Object.hasOwn(programs, options.program) && programs[options.program]) || null
  return { spec, name: spec === null ? options.program : null }
}

/**
 * The backend for a new agent: the caller's, the preferred one, the configured one, else the first that is reachable or can be started.
 * @throws OrchError `UNSUPPORTED` when it cannot do what is asked; `BACKEND_MISSING` with what each backend lacks
 */
export async function chooseBackend(
  orch: Orch,
  options: SpawnOptions,
  preferred: string | null = null,
): Promise<Backend> {
  const named = orch.backendName ?? preferred ?? orch.config.defaultBackend
  if (named !== null) {
    const backend = await orch.backend(named)
    const lacking = lackingOf(backend, options)
    if (lacking === null) return backend
    throw new OrchError('UNSUPPORTED', `Cannot spawn with ${lacking}: the backend "${named}" does not support it`, {
      hint: `Leave ${lacking} out, or choose another backend with --backend`,
      backend: named,
    })
  }
  const reasons: string[] = []
  let asksTooMuch = true
  for (const name of orch.knownNames) {
    const answer = await tryBackend(orch, name, options)
    if ('backend' in answer) return answer.backend
    reasons.push(`${name}: ${answer.reason}`)
    asksTooMuch &&= answer.lacking
  }
  if (asksTooMuch && reasons.length > 0) {
    throw new OrchError('UNSUPPORTED', `Cannot find a backend that does all that is asked: ${reasons.join('; ')}`, {
      hint: 'Leave one of these options out',
    })
  }
  throw new OrchError('BACKEND_MISSING', `Cannot choose a backend: ${reasons.join('; ') || 'none is known'}`, {
    hint: 'Run "orch doctor": it names the command that mends each of them',
  })
}

/** The backend, or why it cannot be used, and whether that is because of what was asked. */
async function tryBackend(
  orch: Orch,
  name: string,
  options: SpawnOptions,
): Promise<{ readonly backend: Backend } | { readonly reason: string; readonly lacking: boolean }> {
  try {
    const backend = await orch.backend(name)
    const lacking = lackingOf(backend, options)
    if (lacking !== null) return { reason: `does not support ${lacking}`, lacking: true }
    const timeoutMs = Math.min(orch.requestTimeoutMs, TIMING.probeTimeoutMs)
    const call = { backend: name, verb: 'probe', timeoutMs, signal: options.signal }
    const probe = await callBackend(call, (signal) => backend.probe(signal))
    const failed = probe.checks.find((check) => check.result === 'fail')
    const bringsProgram = options.program !== undefined || options.programCommand !== undefined
    if (probe.ok || probe.startable || (bringsProgram && failed === undefined)) return { backend }
    return { reason: failed?.text ?? probe.error?.text ?? 'cannot be reached', lacking: false }
  } catch (error) {
    if (!isOrchError(error) || error.code === 'CONFIG_INVALID') throw error
    return { reason: error.message, lacking: false }
  }
}

function lackingOf(backend: Backend, options: SpawnOptions): string | null {
  const can = backend.capabilitiesOf(null)
  if ((options.program !== undefined || options.programCommand !== undefined) && !can.includes('programs'))
    return '--program'
  if (can.includes('models')) return null
  if (options.model !== undefined) return '--model'
  if (options.mode !== undefined) return '--as'
  return options.permission === undefined && !options.permissionRules?.length ? null : '--permission'
}
