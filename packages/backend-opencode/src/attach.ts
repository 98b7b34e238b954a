import { type AgentRef, OrchError, type Viewer } from '@orch/core'
import { findProgram } from './client/program.ts'
import type { Context } from './context.ts'
import { parseHandle } from './handle.ts'

/**
 * OpenCode's own viewer on the agent's session; it may be closed at will, the server goes on.
 * @throws OrchError `PROGRAM_MISSING`, `AGENT_NOT_FOUND` for a session that is not there or was put away.
 */
export async function attach(context: Context, agent: AgentRef, signal: AbortSignal): Promise<Viewer> {
  const { path } = findProgram(context.command, context.host.env)
  const server = await context.connector.ensure(agent.target, signal)
  const handle = parseHandle(agent.handle)
  const session = handle === null ? null : await context.api(server, signal).session(handle.sessionId)
  if (session === null || session.archivedAt !== null) {
    throw new OrchError('AGENT_NOT_FOUND', `Cannot attach to "${agent.id}": its session is not there any more`, {
      hint: `See it with "orch check ${agent.id}"`,
    })
  }
  const { url, user, password } = server
  const env = password === null ? {} : { OPENCODE_SERVER_USERNAME: user, OPENCODE_SERVER_PASSWORD: password }
  const args = ['attach', url, '--dir', session.directory, '--session', session.id]
  return { command: path, args, env, directory: session.directory }
}
