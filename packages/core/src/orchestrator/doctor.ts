import { accessSync, constants } from 'node:fs'
import type { Check } from '../backend.ts'
import { stateDirectory } from '../config/config.ts'
import type { DoctorDocument } from '../documents.ts'
import { isOrchError, type OrchError } from '../errors.ts'
import { withoutProject } from '../recovery/without-project.ts'
import type { RecordList } from '../registry/registry.ts'
import { TIMING } from '../timing.ts'
import type { CallOptions } from './options.ts'
import { callBackend, type Orch } from './orch.ts'
import { findRepairs } from './repairs.ts'
import { adviceFor } from './warnings.ts'

/** What one backend said of itself. */
interface Probed {
  readonly name: string
  readonly usable: boolean
  readonly checks: readonly Check[]
}

/**
 * Says what is installed, reachable or misconfigured, and the command that mends it. Starts nothing; with `fix` it mends what can
 * be mended without losing anything.
 */
export async function doctor(
  orch: Orch,
  options: CallOptions & { readonly fix?: boolean | undefined } = {},
): Promise<DoctorDocument> {
  const probed = await Promise.all(orch.backendNames.map((name) => probeBackend(orch, name, options)))
  const usable = probed.some((one) => one.usable)
  const checks: Check[] = [
    { name: 'project', result: 'ok', text: `The project is "${orch.project}"` },
    ...orch.configProblems.map(configCheck),
    ...defaultCheck(orch, probed),
    ...(await recordsChecks(orch)),
    ...probed.flatMap((one) => one.checks.map((check) => soften(check, usable))),
  ]
  if (!usable) checks.push({ name: 'backends', result: 'fail', text: 'No backend can be used yet: mend one of them' })
  const repairs = findRepairs(orch, options.fix === true)
  return { apiVersion: 1, warnings: [], ok: checks.every(({ result }) => result !== 'fail'), checks, repairs }
}

function configCheck({ message, hint }: OrchError): Check {
  return { name: 'configuration', result: 'fail', text: message, ...(hint === undefined ? {} : { fix: hint }) }
}

/** A default that nobody knows, or that cannot be used, fails every spawn that names no other backend. */
function defaultCheck({ config, backendNames }: Orch, probed: readonly Probed[]): Check[] {
  const name = config.defaultBackend
  const other = probed.find(({ usable }) => usable)?.name
  if (name === null || probed.some((one) => one.name === name && one.usable)) return []
  const known = backendNames.map((one) => `"${one}"`).join(', ')
  const isKnown = backendNames.includes(name)
  // That no backend can be used is said once.
  if (isKnown && other === undefined) return []
  const text = `The default backend "${name}" ${isKnown ? 'cannot be used' : `is not known, only ${known}`}`
  const fix = other === undefined ? {} : { fix: `orch config set defaultBackend ${other}` }
  return [{ name: 'configuration', result: 'fail', text, ...fix }]
}

/** One usable backend is enough: what another one lacks is then only a warning. */
function soften(check: Check, usable: boolean): Check {
  return usable && check.result === 'fail' ? { ...check, result: 'warn' } : check
}

async function recordsChecks(orch: Orch): Promise<readonly Check[]> {
  const name = 'records'
  const directory = stateDirectory(orch.env)
  try {
    accessSync(directory, constants.W_OK)
    const list = await orch.registry.list('open')
    return [recordsCheck(directory, list), ...projectChecks(list)]
  } catch (error) {
    const text = `Cannot use the state directory "${directory}": ${(error as Error).message}`
    return [{ name, result: 'fail', text: isOrchError(error) ? error.message : text, fix: `ls -ld ${directory}` }]
  }
}

/** Nobody can stand in a project that is gone to ask for its agents. */
function projectChecks({ records }: RecordList): readonly Check[] {
  return withoutProject(records).map(({ project, ids }) => ({
    name: 'projects',
    result: 'warn',
    text: `The project "${project}" of ${ids.join(', ')} is not there: move it back, or abandon what worked in it`,
    fix: `orch abandon ${ids.join(' ')}`,
  }))
}

function recordsCheck(directory: string, { records, unreadable }: RecordList): Check {
  const name = 'records'
  const denied = unreadable.find(({ code = 'RECORD_CORRUPT' }) => code !== 'RECORD_CORRUPT')
  if (denied !== undefined) return { name, result: 'warn', text: denied.reason, fix: adviceFor(denied) }
  const damaged = records.filter(({ damage }) => damage !== null).map(({ record }) => record.id)
  const bad = [...unreadable.map(({ id }) => id), ...damaged]
  if (bad.length === 0) return { name, result: 'ok', text: `${records.length} open records in "${directory}"` }
  const text = `Damaged records in "${directory}/agents": ${bad.join(', ')}`
  return { name, result: 'warn', text, fix: `mv ${directory}/agents/${bad[0]}.jsonl ${directory}/` }
}

async function probeBackend(orch: Orch, name: string, options: CallOptions): Promise<Probed> {
  try {
    const backend = await orch.backend(name)
    const call = {
      backend: name,
      verb: 'probe',
      timeoutMs: Math.min(orch.requestTimeoutMs, TIMING.probeTimeoutMs),
      signal: options.signal,
    }
    const probe = await callBackend(call, (signal) => backend.probe(signal))
    return { name, usable: probe.ok || probe.startable, checks: probe.checks }
  } catch (error) {
    if (!isOrchError(error)) throw error
    const fix = error.hint === undefined ? {} : { fix: error.hint }
    return { name, usable: false, checks: [{ name, result: 'fail', text: error.message, ...fix }] }
  }
}
