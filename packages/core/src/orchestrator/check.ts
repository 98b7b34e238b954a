import type { Item, Reason } from '../agent.ts'
import type { CheckDocument } from '../documents.ts'
import { isOrchError } from '../errors.ts'
import { readGitInfo } from '../git.ts'
import type { AgentRecord } from '../registry/record.ts'
import { readPage } from '../workspace/workspace.ts'
import { lookAtOne } from './look.ts'
import type { CallOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { readTranscript } from './read-transcript.ts'
import { recoverSpawns } from './recover.ts'
import { assertSound, reread } from './update-record.ts'
import { documentFor } from './warnings.ts'

const TAIL_ITEMS = 5

/**
 * Everything about one agent. A transcript that cannot be read is a warning, not an error.
 * @throws OrchError `AGENT_NOT_FOUND`, `RECORD_CORRUPT`
 */
export async function check(orch: Orch, id: string, options: CallOptions = {}): Promise<CheckDocument> {
  const stored = assertSound(await reread(orch, id))
  const [recovered = stored] = await recoverSpawns(orch, [stored], [], options.signal)
  const { directory, base, workspace } = recovered.record
  const [look, git, newest] = await Promise.all([
    lookAtOne(orch, recovered, options.signal),
    readGitInfo(directory, base, options.signal),
    readNewest(orch, recovered.record, options.signal),
  ])
  const { apiVersion, warnings } = documentFor([look.stored])
  return {
    apiVersion,
    warnings: [...warnings, ...newest.warnings],
    agent: look.agent,
    git,
    deliverables: [],
    workspaceText: readPage(workspace),
    tail: newest.items,
  }
}

async function readNewest(
  orch: Orch,
  record: AgentRecord,
  signal: AbortSignal | undefined,
): Promise<{ readonly items: readonly Item[]; readonly warnings: readonly Reason[] }> {
  if (record.handle === null) return { items: [], warnings: [] }
  try {
    return { items: (await readTranscript(orch, record, { last: TAIL_ITEMS, signal })).items, warnings: [] }
  } catch (error) {
    if (signal?.aborted || !isOrchError(error)) throw error
    return { items: [], warnings: [{ code: error.code, text: error.message }] }
  }
}
