import type { OrchError } from '../errors.ts'
import { isOrchError } from '../errors.ts'
import { readGitHead } from '../git.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { appendUnlessChanged, reread, updateRecord } from '../orchestrator/update-record.ts'
import { currentOwner } from '../process-owner.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { type FailedSpawn, failureOf, placeAgent, recordFailed } from '../spawn/make-agent.ts'
import { readContext } from '../workspace/workspace.ts'

/** Whether an agent waits to be started, and nobody ends it. */
export function isQueued({ record, closed, damage }: StoredRecord): boolean {
  return !closed && damage === null && record.lifecycle === 'queued' && record.ending === undefined
}

/**
 * Starts an agent that is queued: of any number of processes one does it, as its record says who, and what that one does
 * not come to the end of is recovered as any spawn is.
 * @returns why this process could not make it; `null` when it did, or another one is at it
 */
export async function startQueued(orch: Orch, id: string, signal: AbortSignal | undefined): Promise<OrchError | null> {
  const stored = await reread(orch, id)
  const { start, backend: name, workspace } = stored.record
  if (!isQueued(stored) || start === undefined) return null
  const prompt = readContext(workspace)
  if (prompt === null) {
    const failure = { code: 'WORKSPACE_GONE', text: `Its task is not in its workspace "${workspace}" any more` }
    await failQueued(orch, stored, failure)
    return null
  }
  const [base, backend] = await Promise.all([baseOf(stored.record, signal), orch.backend(name)])
  const claimed = await appendUnlessChanged(orch, stored, {
    type: 'starting',
    set: {
      lifecycle: 'spawning',
      owner: currentOwner(),
      failure: null,
      ...base,
      start: { ...start, triedAt: new Date().toISOString() },
    },
  })
  if (claimed === null) return null
  // barrier: start-recorded
  try {
    await placeAgent(orch, claimed, { backend, signal, prepare: async () => prompt }, putBack)
    return null
  } catch (error) {
    if (!isOrchError(error)) throw error
    return error
  }
}

/** Where its work begins: the directory may have moved on since it was queued. A worktree is made as it was planned. */
async function baseOf(
  { directory, worktree }: AgentRecord,
  signal: AbortSignal | undefined,
): Promise<Pick<AgentRecord, 'base' | 'branch'> | null> {
  if (worktree !== undefined) return null
  const { commit, branch } = await readGitHead(directory, signal)
  return { base: commit, branch }
}

/** Records that an agent which is queued can never be started. */
export async function failQueued(
  orch: Orch,
  stored: StoredRecord,
  failure: ReturnType<typeof failureOf>,
): Promise<StoredRecord> {
  return await updateRecord(orch, stored, 'spawn-failed', ({ lifecycle, ending }) =>
    lifecycle === 'queued' && ending === undefined
      ? { lifecycle: 'failed', failure, endedAt: new Date().toISOString() }
      : null,
  )
}

/**
 * What was provably not made stays queued where the next try may go well, and has failed else; its task stays in its
 * workspace either way.
 */
async function putBack(orch: Orch, id: string, { error, nothingLeft }: FailedSpawn): Promise<void> {
  // barrier: start-refused
  if (!nothingLeft || !isOrchError(error)) return await recordFailed(orch, id, error)
  const at = new Date().toISOString()
  await updateRecord(orch, await reread(orch, id), 'start-failed', ({ lifecycle, start }) => {
    if (lifecycle !== 'spawning' || start === undefined) return null
    const set = { failure: failureOf(error), owner: null, handle: null, beginAt: null }
    return error.retryable
      ? { ...set, lifecycle: 'queued', start: { ...start, triedAt: at } }
      : { ...set, lifecycle: 'failed', endedAt: at, start: { ...start, triedAt: null } }
  })
}
