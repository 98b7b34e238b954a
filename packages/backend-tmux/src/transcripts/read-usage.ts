import { letStart } from '@orch/core'
import { readLinesAfterPlace, sizeOf } from '../client/events-file.ts'
import { namesIn } from '../client/files.ts'
import type { UsageFormat } from '../programs/program.ts'
import { safely } from './read-transcript.ts'
import type { RunTranscripts } from './run-transcripts.ts'
import type { UsageEntry } from './usage-entry.ts'
import { UsageTally } from './usage-tally.ts'

/**
 * What a run used, from all that it and its subagents wrote down: each file is read once, whole. `null` when it told of no
 * conversation yet, or one of them is not there any more.
 */
export async function readUsage(
  run: RunTranscripts,
  format: UsageFormat,
  signal: AbortSignal,
): Promise<UsageTally | null> {
  const conversations = run.conversations()
  const there = conversations.filter(({ path }) => sizeOf(path) > 0)
  const isLost = conversations.some((one) => one.isAsked && !there.includes(one))
  if (conversations.length === 0 || isLost) return null
  const tally = new UsageTally()
  const unplaced = new Set(run.subagents())
  for (const [index, { path }] of there.entries()) {
    const below = subagentsOf(path, format)
    for (const file of below) unplaced.delete(file)
    const files = index === there.length - 1 ? [...below, ...unplaced] : below
    const subagents: UsageEntry[][] = []
    for (const file of files) subagents.push(await entriesIn(file, format, signal))
    tally.add(await entriesIn(path, format, signal), subagents)
  }
  return tally
}

function subagentsOf(path: string, { subagentFolder }: UsageFormat): string[] {
  const folder = subagentFolder?.(path)
  if (folder === undefined) return []
  return namesIn(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => `${folder}/${name}`)
}

async function entriesIn(file: string, { entriesOf }: UsageFormat, signal: AbortSignal): Promise<UsageEntry[]> {
  await letStart()
  signal.throwIfAborted()
  return [...readLinesAfterPlace(file, 0)].flatMap(({ text }) => safely(entriesOf, text))
}
