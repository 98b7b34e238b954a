import { type Check, isOrchError, type ProbeResult } from '@orch/core'
import { findProgram } from './client/files.ts'
import { INSTALL_TMUX } from './client/tmux.ts'
import { type UserManager, userManager } from './client/user-manager.ts'
import type { Context } from './context.ts'
import { serverInfo } from './observe.ts'
import { isOldVersion } from './parse.ts'
import { GET_A_PROGRAM, PROGRAMS } from './programs/known.ts'

/** `Backend.probe`. Starts no server; the default program counts only for `startable`. */
export async function probeTmux(context: Context, signal: AbortSignal): Promise<ProbeResult> {
  const tmux = await checkTmux(context, signal)
  const program = await checkProgram(context)
  if (tmux.result === 'fail') {
    const error = { code: 'PROGRAM_MISSING', text: tmux.text }
    const none = { ok: false, version: null, epoch: null, error }
    return { ...none, startable: false, checks: [tmux, program] }
  }
  const look = await context.tmux.look(context.paths.socket, signal)
  const info = serverInfo(look)
  const usable = look.kind !== 'failed' && program.result === 'ok'
  const error = info.ok ? null : usable ? info.error : unusable(info.error, program)
  return {
    ...info,
    error,
    startable: !info.ok && usable,
    checks: [
      tmux,
      checkServer(context, info.ok, info.error?.text),
      checkLogout(userManager(context.host.env)),
      program,
    ],
  }
}

function unusable(error: ProbeResult['error'], program: Check): ProbeResult['error'] {
  if (error !== null && error.code !== 'NO_SERVER') return error
  return { code: 'PROGRAM_MISSING', text: `${program.text}. ${GET_A_PROGRAM}` }
}

async function checkTmux(context: Context, signal: AbortSignal): Promise<Check> {
  const failed = (text: string): Check => ({
    name: 'tmux',
    result: 'fail',
    text,
    fix: 'apt-get install tmux',
  })
  try {
    const version = await context.tmux.version(signal)
    if (isOldVersion(version)) return failed(`${version} is too old. ${INSTALL_TMUX}`)
    return { name: 'tmux', result: 'ok', text: `${version} at ${await context.tmux.program()}` }
  } catch (error) {
    if (!isOrchError(error)) throw error
    return failed(error.message)
  }
}

function checkServer(context: Context, ok: boolean, problem: string | undefined): Check {
  const name = 'tmux server'
  const { socket } = context.paths
  if (ok) return { name, result: 'ok', text: `answers at ${socket}` }
  const none = problem === 'No tmux server runs'
  return none
    ? { name, result: 'ok', text: `none runs at ${socket}; the first agent starts one` }
    : { name, result: 'fail', text: problem ?? '', fix: `tmux -S ${socket} list-sessions` }
}

/** Whether the server, and with it every agent, stays when its user logs out. */
export function checkLogout({ state, scope }: UserManager): Check {
  const name = 'logout'
  if (state === 'none') return { name, result: 'ok', text: 'systemd does not run here: a logout ends no agents' }
  if (scope !== null)
    return { name, result: 'ok', text: 'agents stay: their server is started under the lingering manager of the user' }
  const why =
    state === 'ends' ? 'lingering is not enabled for this user' : 'the lingering manager of the user is not there'
  const text = `a logout may end every agent: ${why}, and systemd may end what a session leaves ("KillUserProcesses")`
  return { name, result: 'warn', text, fix: 'loginctl enable-linger' }
}

async function checkProgram(context: Context): Promise<Check> {
  const found: string[] = []
  for (const { name, command } of PROGRAMS) if (findProgram(command, context.host.env, '/') !== null) found.push(name)
  const name = 'agent programs'
  if (found.length > 0) return { name, result: 'ok', text: `found ${found.join(', ')}` }
  const commands = [...new Set(PROGRAMS.map(({ command }) => command))].join(', ')
  return {
    name,
    result: 'warn',
    text: `None of ${commands} is on PATH`,
    fix: 'npm install -g @anthropic-ai/claude-code',
  }
}
