import type { AgentRef, ReadQuery, ReadResult, Reason } from '@orch/core'
import { sizeOf } from './client/events-file.ts'
import type { Context } from './context.ts'
import { findHandle } from './deliver.ts'
import { FULL_SCREEN } from './output/full-screen.ts'
import { readLogPage } from './output/read-log.ts'
import { lookAtScreen, screenIfShown, screenPage } from './output/screen.ts'
import { type Handle, parseHandle } from './parse.ts'
import { hooksOf } from './programs/known.ts'
import { readConversations } from './transcripts/read-conversations.ts'
import { notACursor, type Transcript } from './transcripts/read-transcript.ts'
import { RunTranscripts } from './transcripts/run-transcripts.ts'
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
  const conversations = handle === null ? [] : conversationsOf(handle)
  if (handle !== null && conversations.length > 0) {
    const page = readConversations(conversations, query)
    const tally = query.turns ? await tallyOf(handle, signal) : null
    return tally === null ? page : { ...page, turns: tally.turns(query.turns ?? 0) }
  }
  const before = cursor(query.before)
  const isShown = handle !== null && before === null && !query.raw
  const screen = isShown ? await screenIfShown(context, { agent, handle }, signal) : null
  if (screen?.isFull) return screenPage(screen, query, FULL_SCREEN)
  const page = handle === null ? null : readLogPage(handle.log, { ...query, before })
  if (page === null && isShown && handle.started !== undefined)
    return screenPage(await lookAtScreen(context, { agent, handle }, signal), query, NOT_LOGGED)
  return page ?? { items: [], before: null, gap: NO_LOG }
}

const NOT_LOGGED: Reason = {
  code: 'NOT_LOGGED',
  text: 'It was adopted and its output is not logged: this is what its window shows',
}

const NO_LOG: Reason = { code: 'NO_LOG', text: 'The log of its output is not there' }

/** What its program wrote down, oldest conversation first; nothing for one that writes nothing down, or did not begin. */
function conversationsOf({ program, events }: Handle): Transcript[] {
  const entriesOf = hooksOf(program ?? '')?.entriesOf
  if (entriesOf === undefined || events === undefined) return []
  const written = new RunTranscripts(events).conversations()
  return written.filter(({ path }) => sizeOf(path) > 0).map(({ path }) => ({ path, entriesOf }))
}

function cursor(before: string | null): number | null {
  if (before === null) return null
  if (/^\d{1,15}$/.test(before)) return Number(before)
  throw notACursor(before)
}
