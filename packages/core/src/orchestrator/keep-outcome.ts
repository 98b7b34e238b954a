import { join, relative } from 'node:path'
import type { Item, Reason } from '../agent.ts'
import type { CompleteCheck, KeptOutcome, TailLine } from '../documents.ts'
import { fileError, isOrchError, withContext } from '../errors.ts'
import { replaceFile } from '../replace-file.ts'
import { LONGEST_PAGE, readTranscript } from '../transcript/read-transcript.ts'
import type { Verification } from '../verify/verify.ts'
import { keptFolder, makeKeptFolder } from '../workspace/kept-folder.ts'
import { summaryText } from '../workspace/summary.ts'
import type { CallOptions } from './options.ts'
import type { Orch } from './orch.ts'

const SUMMARY = 'SUMMARY.md'
const TRANSCRIPT = 'transcript.jsonl'

/** What of an agent outlives it, and the check that says so. */
interface Outcome {
  readonly kept: KeptOutcome | null
  readonly check: CompleteCheck
}

/**
 * Keeps the transcript and a summary in orch's own folder of the agent's workspace, each whole or not at all. A transcript that cannot be read is said.
 * @throws OrchError `WORKSPACE_UNWRITABLE`, `PERMISSION_DENIED`, `DISK`; with `force` none, but an overridden check
 */
export async function keepOutcome(
  orch: Orch,
  { look, checks, run, changes }: Verification,
  options: CallOptions & { readonly force?: boolean | undefined },
): Promise<Outcome> {
  const name = 'kept'
  const { record } = look.stored
  const folder = keptFolder(record.workspace)
  const transcript = await readWhole(orch, look, options.signal)
  const [summary, items] = [join(folder, SUMMARY), join(folder, TRANSCRIPT)]
  try {
    makeKeptFolder(record.workspace)
    if (transcript.items !== null) replaceFile(items, linesOf(record.id, transcript.items))
    // barrier: transcript-kept
    const said = { agent: look.agent, checks, run, changes, transcript, at: new Date().toISOString() }
    replaceFile(summary, summaryText(said))
    // barrier: summary-kept
  } catch (cause) {
    const text = `Cannot keep what "${record.id}" did in "${folder}"`
    const error = withContext(fileError(cause, text, 'WORKSPACE_UNWRITABLE'), { agent: record.id })
    if (options.force !== true) throw error
    return { kept: null, check: { name, result: 'overridden', text: error.message } }
  }
  const place = `in "${relative(record.project, folder)}"`
  if (transcript.items === null) {
    const text = `${SUMMARY} ${place}, without a transcript: ${transcript.gap?.text ?? 'it has none'}`
    return { kept: { summary, transcript: null }, check: { name, result: 'skip', text } }
  }
  const text = `${SUMMARY} and ${TRANSCRIPT} ${place}`
  return { kept: { summary, transcript: items }, check: { name, result: 'pass', text } }
}

/** Everything it said and did; `items` is `null` when that cannot be read, and `gap` says why, or what is missing. */
async function readWhole(
  orch: Orch,
  { stored: { record } }: Verification['look'],
  signal: AbortSignal | undefined,
): Promise<{ readonly items: readonly Item[] | null; readonly gap: Reason | null }> {
  if (record.handle === null) return { items: null, gap: { code: 'NOT_SPAWNED', text: 'Nothing of it was created' } }
  try {
    return await readTranscript(orch, record, { last: LONGEST_PAGE, reasoning: true, signal })
  } catch (error) {
    if (signal?.aborted || !isOrchError(error)) throw error
    return { items: null, gap: { code: error.code, text: error.message } }
  }
}

function linesOf(agent: string, items: readonly Item[]): string {
  return items
    .map((item): TailLine => ({ apiVersion: 1, type: 'item', agent, cursor: null, item }))
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')
}
