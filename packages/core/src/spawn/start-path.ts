import { delimiter } from 'node:path'
import type { Orch } from '../orchestrator/orch.ts'
import type { AgentRecord } from '../registry/record.ts'

/** `PATH` for what belongs to an agent that was queued: whoever starts it may stand in a poorer environment. `null`: this process's own. */
export function startPath({ env }: Orch, { start }: AgentRecord): string | null {
  if (start?.path === undefined) return null
  const own = env.PATH?.split(delimiter) ?? []
  return [...new Set([...start.path.split(delimiter), ...own])].join(delimiter)
}
