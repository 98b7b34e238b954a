import { resolve } from 'node:path'
import { type CreateRequest, OrchError, type PlannedAgent, type ProgramSpec } from '@orch/core'
import { findProgram } from '../client/files.ts'
import { beginsWith, GET_A_PROGRAM, knownLaunch, PROGRAMS, programNamed } from './known.ts'
import { loadProgram, moduleKey } from './load-program.ts'
import type { LaunchSpec, Program, ProgramHooks } from './program.ts'

/** The program of a run that is to be made. */
export interface ChosenProgram {
  readonly spec: LaunchSpec
  readonly hooks: ProgramHooks | null
  /** By what the run is known, to be listened to: see `hooksOf`. */
  readonly key: string
  /** The file that it is. */
  readonly path: string
  /**
   * Everything it is given, with the task where it takes that as an argument.
   * @param prompt `null`: it goes on with a conversation
   */
  argv(prompt: string | null, hooked: readonly string[]): string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The program that was asked for, or else the first known one that is there.
 * @throws OrchError `PROGRAM_MISSING`, `PROGRAM_UNKNOWN`, `PROGRAM_INVALID`
 */
export async function chooseProgram(
  { id, program, programName, directory }: PlannedAgent & Partial<Pick<CreateRequest, 'id'>>,
  env: Environment,
): Promise<ChosenProgram> {
  const cannot = `Cannot start ${id === undefined ? 'an agent' : `agent "${id}"`}`
  const candidates = await candidatesFor(program, programName)
  for (const { spec, own, key } of candidates) {
    const path = findProgram(spec.command, { ...env, ...spec.env }, directory)
    if (path === null) continue
    const argv = (prompt: string | null, hooked: readonly string[]): string[] => {
      const isGiven = prompt !== null && spec.promptBy === 'argument'
      const task = isGiven ? (own?.promptArguments?.(prompt, spec.args) ?? [prompt]) : []
      return [path, ...spec.args, ...hooked, ...task]
    }
    return { spec, hooks: own?.hooks ?? null, key, path, argv }
  }
  const [wished] = candidates
  if (candidates.length > 1 || wished === undefined)
    throw new OrchError(
      'PROGRAM_MISSING',
      `${cannot}: none of ${[...new Set(PROGRAMS.map(({ command }) => `"${command}"`))].join(', ')} is on PATH`,
      { hint: GET_A_PROGRAM },
    )
  const { command } = wished.spec
  const isPath = command.includes('/')
  const place = isPath ? `is not at "${resolve(directory, command)}"` : 'is not on PATH'
  throw new OrchError('PROGRAM_MISSING', `${cannot}: program "${command}" ${place} or cannot be executed`, {
    hint: isPath ? `Correct "${command}", or name its whole path` : `Install "${command}" or correct its name`,
  })
}

interface Candidate {
  readonly spec: LaunchSpec
  /** What is known of it. */
  readonly own: Program | null
  readonly key: string
}

async function candidatesFor(spec: ProgramSpec | null, name: string | null): Promise<readonly Candidate[]> {
  if (spec !== null) return [spec.module === undefined ? configured(spec) : await byModule(spec, spec.module)]
  const known = name === null ? PROGRAMS.map((one) => programNamed(one.name)) : [programNamed(name)]
  return known.map((own) => ({ spec: own.spec, own, key: own.spec.name }))
}

/** Launched as configured, behind the arguments that make it the one known by its name, and listened to as that. */
function configured(spec: ProgramSpec): Candidate {
  const own = knownLaunch(spec)
  const first = own?.spec.args ?? []
  const args = beginsWith(spec.args, first) ? spec.args : [...first, ...spec.args]
  const command = spec.command ?? own?.spec.command ?? spec.name
  const promptBy = spec.promptBy ?? own?.spec.promptBy ?? 'send'
  return { spec: { ...spec, command, args, promptBy }, own, key: own?.spec.name ?? spec.name }
}

/** What the configuration says counts, and its arguments follow those of the module. */
async function byModule(spec: ProgramSpec, url: string): Promise<Candidate> {
  const own = await loadProgram(spec.name, url)
  const command = spec.command ?? own.spec.command
  const promptBy = spec.promptBy ?? own.spec.promptBy
  const more = { args: [...own.spec.args, ...spec.args], env: { ...own.spec.env, ...spec.env } }
  return { spec: { ...spec, ...more, command, promptBy }, own, key: moduleKey(url) }
}
