import { OrchError } from '@orch/core'
import { claude } from './claude.ts'
import { codex } from './codex.ts'
import { aider, gemini } from './command.ts'
import { loadedProgram } from './load-program.ts'
import { opencode, opencodeRun } from './opencode.ts'
import type { LaunchSpec, Program, ProgramHooks } from './program.ts'

/** The agent programs known without any configuration, in the order in which the default is looked for. */
const KNOWN: readonly Program[] = [claude, codex, opencode, opencodeRun, gemini, aider]

/** How each of them is launched. */
export const PROGRAMS: readonly LaunchSpec[] = KNOWN.map(({ spec }) => spec)

/** How to get a program when there is none: one next action. */
export const GET_A_PROGRAM: string =
  'Install an agent program, for example with "npm install -g @anthropic-ai/claude-code", or end the command line with "--program -- COMMAND ARGUMENTS"'

/** The known program of this name. @throws OrchError `PROGRAM_UNKNOWN` listing the known names. */
export function programNamed(name: string): Program {
  const known = knownProgram(name)
  if (known !== null) return known
  const names = PROGRAMS.map((program) => `"${program.name}"`).join(', ')
  throw new OrchError(
    'PROGRAM_UNKNOWN',
    `Cannot use program "${name}": it is not configured, and the tmux backend knows only ${names}`,
    { hint: `Add "${name}" to "programs" in .orch/config.json` },
  )
}

/** The program that is known by this name; `null` for any other. */
export function knownProgram(name: string): Program | null {
  return KNOWN.find(({ spec }) => spec.name === name) ?? null
}

/** The program that is known to be launched so: by its name, and `opencode run` as another one than `opencode`. */
export function knownLaunch({ name, args }: Pick<LaunchSpec, 'name' | 'args'>): Program | null {
  const isSo = ({ spec }: Program): boolean =>
    spec.command === name && spec.args.length > 0 && beginsWith(args, spec.args)
  return KNOWN.find(isSo) ?? knownProgram(name)
}

/** Whether a program's arguments begin with these. */
export function beginsWith(args: readonly string[], first: readonly string[]): boolean {
  return first.every((one, index) => args[index] === one)
}

/**
 * How the program of a run is listened to; `null` for one that is not known, and for one that tells nothing.
 * @param key what the run notes of its program: its name, or the key of a module, which `loadPrograms` has loaded
 */
export function hooksOf(key: string): ProgramHooks | null {
  return (loadedProgram(key) ?? knownProgram(key))?.hooks ?? null
}
