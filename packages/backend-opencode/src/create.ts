import { randomUUID } from 'node:crypto'
import { isAbsolute, relative } from 'node:path'
import { type CreateRequest, type CreateResult, OrchError } from '@orch/core'
import type { Api } from './client/api.ts'
import { placeNonce } from './client/nonce.ts'
import type { Context } from './context.ts'
import { handleJson } from './handle.ts'
import { checkMode, resolveModel } from './model.ts'
import { permissionRules } from './permission-rules.ts'

/**
 * Makes a session that carries the agent's id in title and metadata.
 * @throws OrchError `AGENT_EXISTS`, `CREATE_FAILED` for an unknown model or agent definition, `SERVER_REMOTE`, `UNSUPPORTED` for a rule; nothing was made then.
 */
export async function create(context: Context, request: CreateRequest, signal: AbortSignal): Promise<CreateResult> {
  const { id, directory, mode } = request
  const { namespace } = context.host
  const api = context.api(await context.connector.ensure(request.target, signal), signal)
  // barrier: opencode-server-reached
  await refuseExisting(api, id, namespace)
  if (!api.server.managed) await refuseRemote(api, request)
  const needsDefinitions = mode !== null || request.permission === 'allow' || request.permission === 'deny'
  const definitions = needsDefinitions ? await api.definitions(directory) : []
  if (mode !== null) checkMode(definitions, mode)
  const permission = permissionRules(request, definitions)
  const model = request.model === null ? null : await resolveModel(api, directory, request.model)
  // barrier: opencode-session-asked
  const session = await api.createSession(directory, {
    title: `${request.title} (${id})`,
    metadata: { orch: { id, namespace, model, mode } },
    permission,
  })
  // barrier: opencode-session-made
  const handle = handleJson({ sessionId: session.id, directory: session.directory, model, mode })
  const program = 'opencode'
  const { epoch, revived = false } = api.server
  return { handle, epoch, begun: false, receipt: null, program, model, ...(revived && { revived }) }
}

async function refuseExisting(api: Api, id: string, namespace: string): Promise<void> {
  const existing = (await api.sessions()).find(({ tag }) => tag?.id === id && tag.namespace === namespace)
  if (existing === undefined) return
  throw new OrchError('AGENT_EXISTS', `Cannot create agent "${id}": session "${existing.id}" carries this id`, {
    hint: 'Use another id',
  })
}

/** A server without our file system could not read the workspace: it must see a file that was just written there. */
async function refuseRemote(api: Api, { workspace, directory, project }: CreateRequest): Promise<void> {
  const base = [directory, project].find((folder) => isInside(folder, workspace)) ?? workspace
  const nonce = randomUUID()
  const file = placeNonce(workspace, nonce)
  try {
    const seen = await api.fileContent(base, relative(base, file.path))
    if (seen?.trim() === nonce) return
  } finally {
    file.remove()
  }
  throw new OrchError(
    'SERVER_REMOTE',
    `Cannot use the OpenCode server at "${api.server.url}": it does not see the files in "${workspace}"`,
    { hint: 'Use a server on this machine' },
  )
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && !way.startsWith('..') && !isAbsolute(way)
}
