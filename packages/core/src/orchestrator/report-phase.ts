import { isAgentId } from '../agent-id.ts'
import type { PhaseDocument } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { pageAtRest } from '../workspace/read-report.ts'
import { workspacePath, writePhase } from '../workspace/workspace.ts'
import type { PhaseOptions } from './options.ts'

/**
 * Writes a phase to the agent's page. Needs no registry and no backend: agents call it from wherever they run.
 * @throws OrchError `AGENT_NOT_FOUND`, `USAGE`, `WORKSPACE_UNWRITABLE`
 */
export async function reportPhase(place: { readonly project: string }, options: PhaseOptions): Promise<PhaseDocument> {
  const { id } = options
  if (!isAgentId(id)) {
    throw new OrchError('AGENT_NOT_FOUND', `Cannot report a phase of ${JSON.stringify(id)}: that is no agent id`, {
      hint: 'Name the agent with --id',
    })
  }
  const workspace = workspacePath(place.project, id)
  await pageAtRest(workspace)
  const phase = writePhase(workspace, id, options.phase.trim(), options.note?.trim() || null)
  return { apiVersion: 1, warnings: [], agent: id, phase }
}
