import { join } from 'node:path'
import { type Adoptable, type AdoptRequest, type CreateResult, createFileClaims, OrchError, takeOver } from '@orch/core'
import type { Api } from './client/api.ts'
import { type Context, reach } from './context.ts'
import { handleJson } from './handle.ts'
import type { Session } from './parse.ts'

/** `Backend.adoptable`: the sessions of people on the server of new agents, newest first. Starts no server. */
export async function listAdoptable(
  context: Context,
  server: string | null,
  signal: AbortSignal,
): Promise<readonly Adoptable[]> {
  const { target } = context.connector
  if (server !== null) return []
  const { state } = await context.connector.look(target, signal)
  if (state !== 'up') return []
  const sessions = (await (await reach(context, target, signal)).sessions()).filter(isFree)
  return sessions
    .toSorted((a, b) => b.updatedAt - a.updatedAt)
    .map(({ id, title, directory }) => ({
      place: id,
      target,
      title,
      directory,
      program: 'opencode',
      detail: `OpenCode session "${id}" ("${title}") in "${directory}"`,
    }))
}

function isFree({ tag, parentId, archivedAt }: Session): boolean {
  return tag === null && parentId === null && archivedAt === null
}

/**
 * `Backend.adopt`: puts orch's tag in the metadata of a session, beside what stands there. Its title, its rules and its
 * conversation stay as they are; it goes on with the model and the agent definition of its newest message.
 */
export async function adoptSession(
  context: Context,
  { id, place, target }: AdoptRequest,
  signal: AbortSignal,
): Promise<CreateResult> {
  const api = await reach(context, target, signal)
  const { stateDirectory, namespace } = context.host
  const session = await freeSession(api, place)
  if ((await api.sessions()).some(({ tag }) => tag?.id === id && tag.namespace === namespace)) throw taken(place)
  // The server merges nothing and compares nothing: of several here one may write.
  const claims = createFileClaims(join(stateDirectory, 'claims'))
  if (!takeOver(claims, `adopt\0${place}`, null)) throw taken(place)
  // barrier: adopt-session-claimed
  const { model, mode } = session
  const tagged = await api.tagSession(
    { sessionId: place, directory: session.directory },
    { id, namespace, model, mode, adopted: true },
  )
  // barrier: adopt-session-tagged
  if (tagged === null) throw nothingThere(place)
  if (tagged.tag?.id !== id || tagged.tag.namespace !== namespace) throw taken(place)
  const handle = handleJson({ sessionId: place, directory: session.directory, model, mode })
  return { handle, epoch: api.server.epoch, begun: true, receipt: null, program: 'opencode', model }
}

async function freeSession(api: Api, place: string): Promise<Session> {
  const session = await api.session(place)
  if (session === null || session.archivedAt !== null || session.parentId !== null) throw nothingThere(place)
  if (session.tag !== null) throw taken(place)
  return session
}

function nothingThere(place: string): OrchError {
  return new OrchError('AGENT_NOT_FOUND', `Cannot adopt "${place}": no session of a person is called so`, {
    hint: 'List what could be adopted with "orch adopt"',
  })
}

function taken(place: string): OrchError {
  return new OrchError('AGENT_EXISTS', `Cannot adopt "${place}": it is an agent, or is being made one`, {
    hint: 'List the agents with "orch status --all-projects"',
  })
}
