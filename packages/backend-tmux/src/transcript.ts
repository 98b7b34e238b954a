import { type AgentRef, OrchError, type ReadQuery, type ReadResult, type Reason } from '@orch/core'
import { sizeOf } from './client/events-file.ts'
import type { Context } from './context.ts'
import { findHandle } from './deliver.ts'
import { FULL_SCREEN } from './full-screen.ts'
import { transcriptOf } from './hooks/look-at-hooks.ts'
import { parseHandle } from './parse.ts'
import { readLogPage } from './read-log.ts'
import { lookAtScreen, screenIfShown, screenPage } from './screen.ts'
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
  if (query.screen) {
    const screen = handle === null ? null : await lookAtScreen(context, { agent, handle }, signal)
    return screenPage(screen, query)
  }
  const structured = handle === null ? null : transcriptOf(handle)
  if (handle !== null && structured !== null && sizeOf(structured.path) > 0) {
    const page = readTranscriptPage(structured, query)
    const tally = query.turns ? await tallyOf(handle, signal) : null
    return tally === null ? page : { ...page, turns: tally.turns(query.turns ?? 0) }
  }
  const before = cursor(query.before)
  const isShown = handle !== null && before === null && !query.raw
  const screen = isShown ? await screenIfShown(context, { agent, handle }, signal) : null
  if (screen?.isFull) return screenPage(screen, query, FULL_SCREEN)
  const page = handle === null ? null : readLogPage(handle.log, { ...query, before })
  return page ?? { items: [], before: null, gap: NO_LOG }
}

const NO_LOG: Reason = { code: 'NO_LOG', text: 'The log of its output is not there' }

function cursor(before: string | null): number | null {
  if (before === null) return null
  if (/^\d{1,15}$/.test(before)) return Number(before)
  throw new OrchError('USAGE', `Cannot read before "${before}": it is not a cursor of this agent`, {
    hint: 'Use the cursor that the page before this one named',
  })
}
