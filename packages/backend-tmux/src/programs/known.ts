import { OrchError, type ProgramSpec } from '@orch/core'
import { claude } from './claude.ts'
import { codex } from './codex.ts'
import { aider, gemini } from './command.ts'
import { opencode } from './opencode.ts'
import type { Program, ProgramHooks } from './program.ts'

/** The agent programs known without any configuration, in the order in which the default is looked for. */
const KNOWN: readonly Program[] = [claude, codex, opencode, gemini, aider]

/** How each of them is launched. */
export const PROGRAMS: readonly ProgramSpec[] = KNOWN.map(({ spec }) => spec)

/** How to get a program when there is none: one next action. */
export const GET_A_PROGRAM: string =
  'Install an agent program, for example with "npm install -g @anthropic-ai/claude-code", or end the command line with "--program -- COMMAND ARGUMENTS"'

/** The known program of this name. @throws OrchError `PROGRAM_UNKNOWN` listing the known names. */
export function programNamed(name: string): ProgramSpec {
  const known = PROGRAMS.find((program) => program.name === name)
  if (known !== undefined) return known
  const names = PROGRAMS.map((program) => `"${program.name}"`).join(', ')
  throw new OrchError(
    'PROGRAM_UNKNOWN',
    `Cannot use program "${name}": it is not configured, and the tmux backend knows only ${names}`,
    { hint: `Add "${name}" to "programs" in .orch/config.json` },
  )
}

/** How the program of this name is listened to; `null` for one that is not known, and for one that tells nothing. */
export function hooksOf(name: string): ProgramHooks | null {
  return KNOWN.find(({ spec }) => spec.name === name)?.hooks ?? null
}
