import { type AgentRef, OrchError, type ReadQuery, type ReadResult } from '@orch/core'
import { sizeOf } from './client/events-file.ts'
import { readLastLines } from './client/log.ts'
import type { Context } from './context.ts'
import { findHandle } from './deliver.ts'
import { transcriptOf } from './hooks/look-at-hooks.ts'
import { LOG_CUT } from './log-follower.ts'
import { lineItem } from './output-lines.ts'
import { parseHandle } from './parse.ts'
import { readTranscriptPage } from './transcripts/read-transcript.ts'
import { tallyOf } from './usage.ts'

/** `Backend.read`: what the program wrote down of the conversation, else lines of the log, which outlives window and server. Without a handle one tmux process finds it. */
export async function readTranscript(
  context: Context,
  request: { readonly agent: AgentRef; readonly query: ReadQuery },
  signal: AbortSignal,
): Promise<ReadResult> {
  signal.throwIfAborted()
  const { agent, query } = request
  const handle = parseHandle(agent.handle) ?? (await findHandle(context, agent, signal))
  const structured = handle === null ? null : transcriptOf(handle)
  if (handle !== null && structured !== null && sizeOf(structured.path) > 0) {
    const page = readTranscriptPage(structured, query)
    const tally = query.turns ? await tallyOf(handle, signal) : null
    return tally === null ? page : { ...page, turns: tally.turns(query.turns ?? 0) }
  }
  const page = handle === null ? null : readLastLines(handle.log, { last: query.last, before: cursor(query.before) })
  if (page === null) {
    const text = 'The log of its output is not there'
    return { items: [], before: null, gap: { code: 'NO_LOG', text } }
  }
  return {
    items: page.lines.map((line) => lineItem(line, query.raw)),
    before: page.start === 0 || page.isCut ? null : String(page.start),
    gap: page.isCut ? LOG_CUT : null,
  }
}

function cursor(before: string | null): number | null {
  if (before === null) return null
  if (/^\d{1,15}$/.test(before)) return Number(before)
  throw new OrchError('USAGE', `Cannot read before "${before}": it is not a cursor of this agent`, {
    hint: 'Use the cursor that the page before this one named',
  })
}
