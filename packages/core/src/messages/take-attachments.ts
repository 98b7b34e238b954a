import type { Attachment } from '../agent.ts'
import { checkAttachments } from '../attachments.ts'
import type { Backend } from '../backend.ts'
import { OrchError } from '../errors.ts'
import { toRef } from '../orchestrator/look.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { AgentRecord } from '../registry/record.ts'

/**
 * The files that are to go with a message, checked before anything is recorded or sent.
 * @param record `undefined`: an agent that is yet to be made
 * @throws OrchError `UNSUPPORTED` for an agent that takes none, `FILE_NOT_FOUND`, `USAGE`
 */
export async function takeAttachments(
  orch: Orch,
  paths: readonly string[] = [],
  { backend, record }: { readonly backend: Backend; readonly record?: AgentRecord },
): Promise<readonly Attachment[]> {
  if (paths.length === 0) return []
  const ref = record === undefined || record.handle === null ? null : toRef(record)
  if (!backend.capabilitiesOf(ref).includes('attachments')) throw unsupported(backend, record)
  return await checkAttachments(paths, orch.directory)
}

/** For an agent that takes no files. */
export function unsupported(backend: Backend, record: AgentRecord | undefined): OrchError {
  const object = record === undefined ? 'a new agent' : `"${record.id}"`
  return new OrchError('UNSUPPORTED', `Cannot attach files to a message for ${object}: it takes only text`, {
    hint: 'Name the files in the message: an agent on this machine reads them itself',
    ...(record !== undefined && { agent: record.id }),
    backend: backend.name,
  })
}
