import { type AgentRef, OrchError, type Viewer } from '@orch/core'
import { attachCommandLine } from './command-line.ts'
import type { Context } from './context.ts'
import { rowOf, taggedRows } from './identity.ts'
import { socketOf } from './observe.ts'
import { parseHandle } from './parse.ts'

/**
 * `Backend.attach`: a tmux client that shows the agent's window; leaving it (`C-b d`) leaves the agent as it is. The window
 * keeps its size, however small the terminal is. tmux takes it for no nested one: it is another server than the user's.
 * @throws OrchError `AGENT_NOT_FOUND` when there is no window of the agent any more.
 */
export async function attach(context: Context, agent: AgentRef, signal: AbortSignal): Promise<Viewer> {
  const socket = socketOf(agent.target)
  const command = await context.tmux.program()
  const look = await context.tmux.look(socket, signal)
  const handle = parseHandle(agent.handle)
  const row = rowOf(agent, handle, taggedRows(look, context.host.namespace))
  if (handle === null || row === undefined)
    throw new OrchError('AGENT_NOT_FOUND', `Cannot attach to "${agent.id}": its window is not there any more`, {
      hint: `See it with "orch check ${agent.id}"`,
      agent: agent.id,
    })
  const { pane } = handle
  return {
    command,
    args: attachCommandLine(socket, pane, 'ignore-size'),
    readOnlyArgs: attachCommandLine(socket, pane, 'ignore-size,read-only'),
    env: { TMUX: '' },
    directory: agent.directory,
  }
}
