import type { TailLine } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { follow } from './follow.ts'
import { followTranscript, pageLines } from './follow-transcript.ts'
import type { TailOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { readTranscript } from './read-transcript.ts'
import { assertSound, reread } from './update-record.ts'

/**
 * The newest lines or items of an agent, exactly `last` or all there are, and with `follow` what comes after them
 * until the agent's end. Subscribes before it reads: nothing falls between, nothing final comes twice.
 * @throws OrchError `AGENT_NOT_FOUND`, `RECORD_CORRUPT`, the backend's own
 */
export async function* tail(orch: Orch, id: string, options: TailOptions = {}): AsyncIterable<TailLine> {
  const stored = assertSound(await reread(orch, id))
  if (stored.record.handle === null) throw nothingToRead(id)
  if (!options.follow) {
    yield* pageLines(id, await readTranscript(orch, stored.record, options))
    return
  }
  const following = follow(orch, [stored], { content: true, raw: options.raw === true }, options.signal)
  try {
    await following.ready()
    yield* followTranscript(orch, stored, options, following)
  } finally {
    following.stop()
  }
}

function nothingToRead(id: string): OrchError {
  return new OrchError('AGENT_NOT_FOUND', `Cannot read "${id}": nothing of it was created`, {
    hint: `See why with "orch check ${id}"`,
    agent: id,
  })
}
