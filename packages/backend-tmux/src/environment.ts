import type { CreateRequest, ProgramSpec } from '@orch/core'

/** Marks every process of a run; its value is the run's id. */
export const RUN_VARIABLE = 'ORCH_TMUX_RUN'

/** Marks the program of a run and what it starts; its value is the program's process id. */
export const PROGRAM_VARIABLE = 'ORCH_TMUX_PROGRAM'

/** Marks the process that writes a run's log; it belongs to tmux and ends with the window. */
export const LOG_VARIABLE = 'ORCH_TMUX_LOG'

/** Marks every process of an agent; core sets it too. */
export const AGENT_VARIABLE = 'ORCH_AGENT_ID'

/** They describe the caller's terminal, not the pane. */
const TERMINAL = ['TERM', 'TERM_PROGRAM', 'TERM_PROGRAM_VERSION', 'COLORTERM', 'COLUMNS', 'LINES']

/** The wrapper reads variables of this name while it sets the others. */
const WRAPPER_OWN = /^orch_/

/** A shell keeps these to itself; setting some of them is an error. */
const SHELL_OWN = ['_', 'OLDPWD', 'UID', 'EUID', 'PPID', 'SHELLOPTS', 'BASHOPTS', 'OPTIND', 'IFS']

/**
 * The environment of an agent's program: the caller's, without what describes its terminal or its tmux, then
 * the program's, then core's. Left out is what a shell cannot pass on: names that are not its identifiers
 * (`[A-Za-z_][A-Za-z0-9_]*`), those that it keeps to itself, and the wrapper's own.
 */
export function agentEnvironment(
  caller: Readonly<Record<string, string | undefined>>,
  request: Pick<CreateRequest, 'id' | 'directory' | 'env'>,
  run: { readonly program: Pick<ProgramSpec, 'env'>; readonly id: string },
): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(caller)) {
    if (value === undefined || TERMINAL.includes(name)) continue
    if (name.startsWith('TMUX') || name.startsWith('ORCH_TMUX_')) continue
    env[name] = value
  }
  Object.assign(env, run.program.env, request.env, {
    PWD: request.directory,
    [AGENT_VARIABLE]: request.id,
    [RUN_VARIABLE]: run.id,
  })
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => isPassable(name) && !value.includes('\0')))
}

function isPassable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !SHELL_OWN.includes(name) && !WRAPPER_OWN.test(name)
}
