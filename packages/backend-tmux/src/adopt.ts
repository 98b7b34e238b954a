import { randomBytes } from 'node:crypto'
import { type Adoptable, type AdoptRequest, type CreateResult, OrchError } from '@orch/core'
import { adoptableCommands, adoptCommands } from './adopt-commands.ts'
import { isSomethingAt } from './client/files.ts'
import type { Context } from './context.ts'
import { ADOPTED, handleOf } from './identity.ts'
import { socketOf } from './observe.ts'
import { epochOf, failureText, isId, parseLook, saysNoServer, saysServerDied } from './parse.ts'

/**
 * `Backend.adoptable`: the living panes that carry no run of orch. Without a socket, those of the tmux that orch was started in,
 * and of orch's own.
 */
export async function listAdoptable(
  context: Context,
  server: string | null,
  signal: AbortSignal,
): Promise<readonly Adoptable[]> {
  signal.throwIfAborted()
  const isNamed = server !== null
  const sockets = isNamed ? [socketOf({ socket: server })] : usualSockets(context)
  return (await Promise.all(sockets.map((socket) => panesAt(context, { socket, isNamed }, signal)))).flat()
}

/** The first part of `TMUX` is the socket of the server that a process runs in (tmux(1), ENVIRONMENT). */
function usualSockets({ host, paths }: Context): readonly string[] {
  const [around = ''] = (host.env.TMUX ?? '').split(',')
  return [...new Set([...(around.startsWith('/') ? [around] : []), paths.socket])]
}

/** A server that somebody names has to be there; the usual ones need not. */
async function panesAt(
  context: Context,
  { socket, isNamed }: { readonly socket: string; readonly isNamed: boolean },
  signal: AbortSignal,
): Promise<readonly Adoptable[]> {
  const answer = isSomethingAt(socket)
    ? await context.tmux.run({ socket, commands: adoptableCommands(), signal })
    : null
  if (answer === null || saysNoServer(answer.stderr)) {
    if (!isNamed) return []
    throw new OrchError(
      'BACKEND_UNREACHABLE',
      `Cannot list the tmux panes at "${socket}": no tmux server listens there`,
      {
        hint: `Print the socket of a tmux server from inside of it: tmux display-message -p '#{socket_path}'`,
      },
    )
  }
  if (answer.code !== 0 && answer.stdout === '')
    throw new OrchError('BACKEND_UNREACHABLE', `Cannot list the tmux panes at "${socket}": ${failureText(answer)}`, {
      hint: 'Run "orch doctor"',
      retryable: true,
    })
  return answer.stdout.split('\n').flatMap((line) => toAdoptable(line, socket))
}

/** One line of {@link adoptableCommands}; nothing for a pane that is dead, is an agent's, or is listed in another way. */
function toAdoptable(line: string, socket: string): Adoptable[] {
  const [pane = '', window = '', dead = '', run = '', program = '', where = '', name = '', ...path] = line.split('\t')
  if (!/^%\d+$/.test(pane) || dead !== '0' || run !== '') return []
  const directory = path.join('\t')
  return [
    {
      place: pane,
      target: { socket },
      title: name === '' ? program : name,
      directory: directory.startsWith('/') ? directory : null,
      program: program === '' ? null : program,
      detail: `tmux pane ${pane} of window ${window} (${where}) on socket ${socket}`,
    },
  ]
}

/**
 * `Backend.adopt`: one call sets the options by which a pane is an agent's, if it lives and has none. The pane is neither started
 * again, nor renamed, nor logged: what it shows is read from its window.
 */
export async function adoptPane(
  context: Context,
  { id, place, target }: AdoptRequest,
  signal: AbortSignal,
): Promise<CreateResult> {
  const socket = socketOf(target)
  if (!/^%\d+$/.test(place) || !isId(id)) throw nothingThere(place)
  if (!isSomethingAt(socket)) throw nothingThere(place)
  const { namespace } = context.host
  const run = `${namespace}-${ADOPTED}-${randomBytes(8).toString('hex')}`
  const commands = adoptCommands({ pane: place, agent: id, namespace, run })
  // barrier: tmux-adopting
  const answer = await context.tmux.run({ socket, commands, signal })
  if (answer.stdout.startsWith('TAKEN'))
    throw new OrchError('AGENT_EXISTS', `Cannot adopt "${place}": it is an agent, or the id "${id}" is taken`, {
      hint: 'List the agents with "orch status --all-projects"',
    })
  if (answer.stdout.startsWith('GONE') || /can't find pane/.test(answer.stderr) || saysNoServer(answer.stderr))
    throw nothingThere(place)
  const look = parseLook(answer)
  const row = look.kind === 'server' ? look.rows[0] : undefined
  if (look.kind !== 'server' || row === undefined || row.run !== run)
    throw new OrchError('BACKEND_ERROR', `Cannot adopt "${place}": ${failureText(answer)}`, {
      hint: 'Run "orch doctor"',
      outcome: saysServerDied(answer) ? 'unknown' : 'none',
    })
  const handle = { ...handleOf(look.server, row, context.paths) }
  return { handle, epoch: epochOf(look.server), begun: true, receipt: null, program: null, model: null }
}

function nothingThere(place: string): OrchError {
  return new OrchError('AGENT_NOT_FOUND', `Cannot adopt "${place}": no living pane is called so`, {
    hint: 'List what could be adopted with "orch adopt"',
  })
}
