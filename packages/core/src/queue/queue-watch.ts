import type { Look } from '../orchestrator/look.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { StoredRecord } from '../registry/record.ts'
import { monotonicMs, TIMING } from '../timing.ts'
import { awaitedByQueue, type DrivenQueue, driveQueue } from './drive-queue.ts'
import { isQueued } from './queued.ts'

/** The queues of some agents' projects, for somebody who waits. */
export interface QueueWatch {
  /** Whose ends, or starts, move the queues on. Reads the records again while somebody is queued, else now and then. */
  awaited(): Promise<readonly StoredRecord[]>
  /** Starts who may start, by what {@link QueueWatch.awaited} read. */
  drive(looks: readonly Look[], signal: AbortSignal): Promise<DrivenQueue>
  /** The same at the end of the wait, unless that was just done. */
  driveOnce(looks: readonly Look[], signal: AbortSignal): Promise<void>
}

/** The queues of the projects of these agents. */
export function createQueueWatch(orch: Orch, agents: readonly StoredRecord[]): QueueWatch {
  const projects = new Set(agents.map(({ record }) => record.project))
  let open: readonly StoredRecord[] = []
  let readAtMs: number | null = null
  let isFresh = false
  const read = async (): Promise<void> => {
    const { records } = await orch.registry.list('open')
    open = records.filter(({ record }) => projects.has(record.project))
    readAtMs = monotonicMs()
  }
  const drive = (looks: readonly Look[], signal: AbortSignal): Promise<DrivenQueue> =>
    driveQueue(orch, open, { looks, mayStart: true, signal })
  return {
    drive,
    awaited: async () => {
      isFresh = readAtMs === null || open.some(isQueued) || monotonicMs() - readAtMs > TIMING.safetyNetMs
      if (isFresh) await read()
      return awaitedByQueue(orch, open)
    },
    driveOnce: async (looks, signal) => {
      if (isFresh) return
      await read()
      await drive(looks, signal)
    },
  }
}
