import type { Field, Reason, Usage } from '@orch/core'
import { monotonicMs, NOT_ASKED, NOT_SHOWN } from '@orch/core'
import type { Handle } from './parse.ts'
import { hooksOf } from './programs/known.ts'
import { readUsage } from './transcripts/read-usage.ts'
import { RunTranscripts } from './transcripts/run-transcripts.ts'
import type { UsageTally } from './transcripts/usage-tally.ts'

/** How long one look reads transcripts at most, in milliseconds: its other answers must not come too late. */
const READING_MS = 4_000

const NEVER: Reason = { code: NOT_SHOWN, text: 'This program in tmux does not show what it uses' }
const UNASKED: Reason = { code: NOT_ASKED, text: 'What it used was not asked for: that takes reading its transcript' }
const MISSING: Reason = { code: 'NO_TRANSCRIPT', text: 'Its transcript is not there' }
const NO_TIME: Reason = { code: 'NOT_READ', text: 'There was no time left to read its transcript' }

/** What the program of an agent wrote down of its turns and their use; `null` when it does not, or that is not there. */
export async function tallyOf(handle: Handle, signal: AbortSignal): Promise<UsageTally | null> {
  const format = hooksOf(handle.program ?? '')?.usage
  if (format === undefined || handle.events === undefined) return null
  return await readUsage(new RunTranscripts(handle.events), format, signal)
}

/** What each of some agents used; without `isAsked` no transcript is read. */
export async function usagesOf<Key>(
  agents: ReadonlyMap<Key, Handle | null>,
  isAsked: boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<Key, Field<Usage>>> {
  const until = isAsked ? monotonicMs() + READING_MS : 0
  const fields = new Map<Key, Field<Usage>>()
  for (const [key, handle] of agents) {
    const isTold = handle?.events !== undefined && hooksOf(handle.program ?? '')?.usage !== undefined
    if (!isTold) fields.set(key, { known: false, reason: NEVER })
    else if (!isAsked) fields.set(key, { known: false, reason: UNASKED })
    else if (monotonicMs() > until) fields.set(key, { known: false, reason: NO_TIME })
    else fields.set(key, fieldOf(await tallyOf(handle, signal)))
  }
  return fields
}

function fieldOf(tally: UsageTally | null): Field<Usage> {
  if (tally === null) return { known: false, reason: MISSING }
  const at = new Date().toISOString()
  return {
    known: true,
    value: tally.total(),
    evidence: { source: 'transcript', detail: 'its program wrote it down', at },
  }
}
