import type { Backend, CreateResult } from '../backend.ts'
import { isOrchError, OrchError } from '../errors.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import { closeRecord, reread, updateRecord } from '../orchestrator/update-record.ts'
import type { StoredRecord } from '../registry/record.ts'
import { TIMING } from '../timing.ts'
import { createWorkspace, removeWorkspace } from '../workspace/workspace.ts'

/** What is taken over, and by what. */
interface Taking {
  readonly backend: Backend
  readonly place: string
  readonly signal: AbortSignal | undefined
}

/**
 * Takes over what a record names, each step recorded before the next. What provably was not taken over leaves nothing but a
 * closed record; what nobody knows of is found by the next look, by its tag.
 * @throws OrchError the backend's own
 */
export async function takeOverPlace(orch: Orch, claimed: StoredRecord, taking: Taking): Promise<StoredRecord> {
  const { id, workspace, task } = claimed.record
  try {
    createWorkspace(
      workspace,
      `${task}\n\n---\nThis agent, "${id}", was not started by orch: it was taken over, and was told nothing.\n`,
    )
    // barrier: adopt-workspace-written
    const made = await call(orch, claimed, taking)
    // barrier: adopt-tagged
    return await updateRecord(orch, claimed, 'adopted', () => ({
      lifecycle: 'active',
      handle: made.handle,
      program: made.program,
      model: made.model,
      owner: null,
      beginAt: new Date().toISOString(),
    }))
  } catch (error) {
    await giveUp(orch, id, { error, workspace }).catch(() => {})
    throw error
  }
}

function call(orch: Orch, { record }: StoredRecord, { backend, place, signal }: Taking): Promise<CreateResult> {
  const timeoutMs = Math.max(orch.requestTimeoutMs, TIMING.createTimeoutMs)
  const how = { backend: backend.name, agent: record.id, verb: 'adopt', timeoutMs, signal, acts: true }
  return callBackend(how, (inner) => {
    if (backend.adopt === undefined)
      throw new OrchError('INTERNAL', `Backend "${backend.name}" has the capability "adopt" and no adopt()`)
    return backend.adopt({ id: record.id, place, target: record.target }, inner)
  })
}

async function giveUp(
  orch: Orch,
  id: string,
  { error, workspace }: { readonly error: unknown; readonly workspace: string },
): Promise<void> {
  const stored = await reread(orch, id)
  if (stored.record.handle !== null) return
  if (!isOrchError(error) || error.outcome !== 'none') {
    await updateRecord(orch, stored, 'adopt-unknown', () => ({ owner: null }))
    return
  }
  removeWorkspace(workspace)
  const failure = { code: error.code, text: error.message }
  await closeRecord(orch, stored, 'failed', { failure, owner: null })
}
