import { OrchError, type ProgramSpec } from '@orch/core'

/**
 * The agent programs known without any configuration, in the order in which the default is looked for.
 * Each takes its task as its last argument, except aider, which would end after it.
 */
export const PROGRAMS: readonly ProgramSpec[] = [
  { name: 'claude', command: 'claude', args: [], env: {}, promptBy: 'argument' },
  { name: 'codex', command: 'codex', args: [], env: {}, promptBy: 'argument' },
  { name: 'opencode', command: 'opencode', args: ['--prompt'], env: {}, promptBy: 'argument' },
  {
    name: 'gemini',
    command: 'gemini',
    args: ['--prompt-interactive'],
    env: {},
    promptBy: 'argument',
  },
  { name: 'aider', command: 'aider', args: [], env: {}, promptBy: 'send' },
]

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
