import { existsSync } from 'node:fs'
import { isAgentId } from '../agent-id.ts'
import { type Environment, stateDirectory } from '../config/config.ts'
import type { PhaseDocument } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { closedRecordFile } from '../registry/jsonl-registry.ts'
import { pageAtRest } from '../workspace/read-report.ts'
import { workspacePath, writePhase } from '../workspace/workspace.ts'
import type { PhaseOptions } from './options.ts'

/**
 * Writes a phase to the agent's page. Needs no registry and no backend: agents call it from wherever they run.
 * @param place its project; with `env`, an agent whose record is seen to be closed there is refused
 * @throws OrchError `AGENT_NOT_FOUND`, `CLOSED`, `USAGE`, `WORKSPACE_UNWRITABLE`
 */
export async function reportPhase(
  place: { readonly project: string; readonly env?: Environment },
  options: PhaseOptions,
): Promise<PhaseDocument> {
  const { id } = options
  if (!isAgentId(id)) {
    throw new OrchError('AGENT_NOT_FOUND', `Cannot report a phase of ${JSON.stringify(id)}: that is no agent id`, {
      hint: 'Name the agent with --id',
    })
  }
  if (place.env !== undefined && existsSync(closedRecordFile(stateDirectory(place.env), id))) {
    throw new OrchError('CLOSED', `Cannot report a phase of "${id}": its record is closed`, {
      hint: `See how it ended with "orch history ${id}"`,
      agent: id,
    })
  }
  const workspace = workspacePath(place.project, id)
  await pageAtRest(workspace)
  const phase = writePhase(workspace, id, options.phase.trim(), options.note?.trim() || null)
  return { apiVersion: 1, warnings: [], agent: id, phase }
}
