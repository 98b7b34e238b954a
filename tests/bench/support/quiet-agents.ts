import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type AgentRecord, createAgentId, openOrch, type StoredRecord } from '@orch/core'
import { quietSessions } from '../../harness/quiet-sessions.ts'
import type { Place } from '../../stories/support/place.ts'
import type { Session } from './open-code-stand.ts'
import type { RawServer } from './raw-server.ts'

/** What is to be made, and of what. */
export interface QuietAgentsOptions {
  readonly place: Place
  readonly server: RawServer
  /** An agent whose turn has ended: its record and its page are copied. */
  readonly like: Session
  readonly count: number
  /** Where they work, by turns. */
  readonly directories: readonly string[]
}

/** Agents whose turn has ended, with session, record and page, without a turn for each: hundreds in seconds. */
export async function quietAgents(options: QuietAgentsOptions): Promise<Session[]> {
  const { place, server, like, count, directories } = options
  const { registry } = await openOrch({ directory: place.project, env: place.env })
  const { record } = (await registry.get(like.id)) as StoredRecord
  const ids = Array.from({ length: count }, (_, index) => createAgentId(`quiet ${index}`))
  const namespace = await namespaceOf(server, like)
  const sessions = await quietSessions({ server, ids, namespace, directories, message: record.task })
  for (const { id, sessionId, directory, updatedAt } of sessions) {
    const workspace = join(place.project, '.orch', 'workspace', id)
    await mkdir(workspace, { mode: 0o700 })
    await copyFile(join(record.workspace, 'WORKSPACE.md'), join(workspace, 'WORKSPACE.md'))
    const handle = { ...(record.handle as object), sessionId, directory }
    const facts = { ...(record.facts as object), updatedAt }
    await registry.create({ ...record, id, directory, workspace, handle, facts } as AgentRecord)
  }
  return sessions
}

async function namespaceOf(server: RawServer, { sessionId, directory }: Session): Promise<string> {
  type Tagged = { readonly metadata: { readonly orch: { readonly namespace: string } } }
  return (await server.get<Tagged>(`/session/${sessionId}`, directory)).metadata.orch.namespace
}
