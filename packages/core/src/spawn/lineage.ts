import { isAgentId } from '../agent-id.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { resolveAgent } from '../orchestrator/resolve-agent.ts'

/**
 * The agent that starts an agent: the one that is named, else the one in whose environment this process runs. That one
 * may be an agent of another user's records: then only its id is known here.
 * @throws OrchError `AGENT_NOT_FOUND`, `AGENT_AMBIGUOUS` for a name
 */
export async function parentOf(orch: Orch, { parent }: SpawnOptions): Promise<string | null> {
  if (parent !== undefined) return await resolveAgent(orch, parent)
  const { ORCH_AGENT_ID: own = '' } = orch.env
  return isAgentId(own) ? own : null
}
