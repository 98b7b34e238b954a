import type { Reason } from '../agent.ts'
import type { OrchError } from '../errors.ts'
import type { AgentRecord } from '../registry/record.ts'
import { kindOf } from './decide-starts.ts'

/** So many in a row that fail for one and the same reason say that the next one would too. */
const ENOUGH = 5

/** What became of the agents that one process started: of 300 that fail alike, 290 are not worth a try each. */
export interface FailedAlike {
  /** @param error why one could not be started; `null`: it was */
  tell(record: AgentRecord, error: OrchError | null): void
  /** Why one more of this kind is not tried; `null`: it is. */
  whyNot(record: AgentRecord): Reason | null
}

/** Knows of nobody yet. */
export function createFailedAlike(): FailedAlike {
  const streaks = new Map<string, { readonly text: string; readonly count: number }>()
  return {
    tell(record, error) {
      const kind = kindWithModel(record)
      // What may well go better the next time says nothing of others.
      if (error === null || error.retryable) return void streaks.delete(kind)
      const text = error.message.replaceAll(record.id, '…')
      const before = streaks.get(kind)
      streaks.set(kind, { text, count: before?.text === text ? before.count + 1 : 1 })
    },
    whyNot(record) {
      const { text, count } = streaks.get(kindWithModel(record)) ?? { text: '', count: 0 }
      if (count < ENOUGH) return null
      return { code: 'CREATE_FAILED', text: `It was not tried, as ${count} before it failed alike: ${text}` }
    },
  }
}

function kindWithModel(record: AgentRecord): string {
  return JSON.stringify([kindOf(record), record.model])
}
