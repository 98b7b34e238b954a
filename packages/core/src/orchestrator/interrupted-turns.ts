import { type Observation, SERVER_ENDED } from '../backend.ts'
import type { Doc } from '../documents.ts'
import { isOrchError } from '../errors.ts'
import { lookAt } from './look.ts'
import type { Orch } from './orch.ts'

/**
 * Whose turns ended with the server, for the command that started it again, and have not gone on. What cannot be seen now
 * is no warning: `status` says it.
 */
export async function warnOfInterrupted(
  orch: Orch,
  backend: string,
  signal: AbortSignal | undefined,
): Promise<Doc['warnings']> {
  try {
    const { records } = await orch.registry.list('open')
    const own = records.filter(({ record }) => record.backend === backend)
    const { looks } = await lookAt(orch, own, { signal })
    const ids = looks.filter(({ observation }) => endedWithServer(observation)).map(({ agent }) => agent.id)
    if (ids.length === 0) return []
    const whose = ids.map((id) => `"${id}"`).join(', ')
    const text = `The server had ended while ${whose} ${ids.length === 1 ? 'was' : 'were'} at work; "orch resume ${ids.join(' ')}" goes on`
    return [{ code: 'TURNS_INTERRUPTED', text }]
  } catch (error) {
    if (signal?.aborted || !isOrchError(error)) throw error
    return []
  }
}

function endedWithServer(observation: Observation | null): boolean {
  if (!observation?.turn.known || observation.turn.value.status !== 'ended') return false
  return observation.turn.value.reason?.code === SERVER_ENDED
}
