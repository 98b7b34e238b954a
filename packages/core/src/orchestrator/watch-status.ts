import type { EventsQuery } from '../backend.ts'
import type { StatusDocument } from '../documents.ts'
import type { StoredRecord } from '../registry/record.ts'
import { monotonicMs, TIMING } from '../timing.ts'
import { follow } from './follow.ts'
import { createNotifier } from './notify.ts'
import type { WatchOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { lookStatus } from './status.ts'

const QUERY: EventsQuery & { readonly anyRecord: true } = { content: false, raw: false, anyRecord: true }

/**
 * The same as `status`, now, after each change of what it shows, and where nothing changes about once a minute, until `signal`
 * aborts; then it rejects with its reason.
 * Subscribes before it looks: no state is passed over that stands when it looks. Agents that are spawned meanwhile are seen.
 * @throws OrchError as `status`
 */
export async function* watchStatus(orch: Orch, options: WatchOptions = {}): AsyncIterable<StatusDocument> {
  const { signal } = options
  const notifier = createNotifier(orch, options.notify ?? orch.config.notify, signal)
  let { records } = await lookStatus(orch, options)
  let following = follow(orch, records, QUERY, signal)
  let shown: string | null = null
  let shownAt = monotonicMs()
  try {
    await following.ready()
    for (;;) {
      const look = await lookStatus(orch, options)
      notifier.see(look.agents)
      const warnings = [...look.document.warnings, ...notifier.takeWarnings()]
      const now = gist(look.document, options.usage === true)
      // That nobody reads any more shows only to who writes.
      const isOld = monotonicMs() - shownAt >= TIMING.watchAgainMs
      if (now !== shown || isOld || options.everyLook === true) {
        yield { ...look.document, warnings }
        shownAt = monotonicMs()
      }
      shown = now
      if (placesOf(look.records) === placesOf(records)) {
        await following.next()
      } else {
        following.stop()
        records = look.records
        following = follow(orch, records, QUERY, signal)
        await following.ready()
      }
    }
  } finally {
    following.stop()
    await notifier.end()
  }
}

/** Everything that can be followed. */
function placesOf(records: readonly StoredRecord[]): string {
  return records
    .filter(({ record, closed }) => !closed && record.handle !== null)
    .map(({ record }) => record.id)
    .sort()
    .join()
}

/** What two looks have in common that show the same: not when they looked, and at what. */
function gist({ agents, backends, orphans, complete }: StatusDocument, withUsage: boolean): string {
  const seen = agents.map(({ id, state, reason, phase, requests, queued, lifecycle, labels, model, usage }) => [
    ...[id, state, reason, phase, queued, lifecycle, labels, model, withUsage && usage],
    requests.map((request) => request.id),
  ])
  return JSON.stringify([seen, backends.map(({ name, ok, error }) => [name, ok, error]), orphans, complete])
}
