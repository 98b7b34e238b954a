import type { TailLine } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { follow } from '../orchestrator/follow.ts'
import type { TailOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { type Position, positionAt } from '../orchestrator/progress.ts'
import { assertSound, reread } from '../orchestrator/update-record.ts'
import type { StoredRecord } from '../registry/record.ts'
import { followTranscript } from './follow-transcript.ts'
import { readAfter, readTranscript, type Transcript } from './read-transcript.ts'
import { tailScreen } from './tail-screen.ts'
import { startTelling, tellPage } from './told.ts'

const BEGINNING: Position = { after: null, open: new Map() }

/**
 * The newest lines or items of an agent, exactly `last` or all there are, or what came after `since`; with `follow` what
 * comes after them until the agent's end. Subscribes before it reads: nothing falls between, nothing final comes twice.
 * @throws OrchError `USAGE` for a `since` that is no cursor of this agent, `UNSUPPORTED` for the screen of one that has
 * none, or one to be followed, `AGENT_NOT_FOUND`, `RECORD_CORRUPT`, the backend's own
 */
export async function* tail(orch: Orch, id: string, options: TailOptions = {}): AsyncIterable<TailLine> {
  const stored = assertSound(await reread(orch, id))
  if (stored.record.handle === null) throw nothingToRead(id)
  if (options.screen) {
    yield* tailScreen(orch, stored.record, options)
    return
  }
  const since = options.since === undefined ? null : positionAt(options.since)
  if (options.since !== undefined && since === null) throw noCursor(id, options.since)
  const told = startTelling(id, since ?? BEGINNING)
  if (!options.follow) {
    yield* tellPage(told, await firstPage(orch, stored, options, since))
    return
  }
  const following = follow(orch, [stored], { content: true, raw: options.raw === true }, options.signal)
  try {
    await following.ready()
    yield* tellPage(told, await firstPage(orch, stored, options, since))
    yield* followTranscript(orch, stored, options, { told, following })
  } finally {
    following.stop()
  }
}

async function firstPage(
  orch: Orch,
  { record }: StoredRecord,
  options: TailOptions,
  since: Position | null,
): Promise<Transcript> {
  if (since === null) return readTranscript(orch, record, options)
  const page = await readAfter(orch, record, since, options)
  if (!page.isReached && page.gap === null) throw noCursor(record.id, options.since ?? '')
  return page
}

function noCursor(id: string, cursor: string): OrchError {
  return new OrchError('USAGE', `Cannot read "${id}" since "${cursor}": this is no cursor of its transcript`, {
    hint: `Take the cursor of a line of "orch tail --json ${id}"`,
    agent: id,
  })
}

function nothingToRead(id: string): OrchError {
  return new OrchError('AGENT_NOT_FOUND', `Cannot read "${id}": nothing of it was created`, {
    hint: `See why with "orch check ${id}"`,
    agent: id,
  })
}
