import type { Agent, Item, Reason, Usage } from '../agent.ts'
import type { AgentChanges, CompleteCheck, VerifyRun } from '../documents.ts'
import { sanitize } from '../sanitize.ts'
import { joinWords } from '../split-words.ts'

/** What a summary is written from. */
export interface Summary {
  readonly agent: Agent
  readonly checks: readonly CompleteCheck[]
  readonly run: VerifyRun | null
  readonly changes: AgentChanges | null
  readonly transcript: { readonly items: readonly Item[] | null; readonly gap: Reason | null }
  /** When it was written, ISO 8601. */
  readonly at: string
}

/** How many commits and files are named. */
const NAMED = 200

/** The text of `SUMMARY.md`: what an agent was to do, what came of it, and how that was verified. Pure. */
export function summaryText({ agent, checks, run, changes, transcript, at }: Summary): string {
  const facts = [
    ['Project', agent.project],
    ['Directory', agent.directory],
    ['Backend', [agent.backend, agent.program, agent.model].filter((part) => part !== null).join(', ')],
    ['Spawned', agent.spawnedAt],
    ['Verified', `${at}, ${span(Date.parse(at) - Date.parse(agent.spawnedAt))} later`],
    ['Phase', [agent.phase?.name, agent.phase?.note].filter(Boolean).join(' - ') || 'none'],
    ['Used', usageText(agent.usage)],
  ] as const
  return [
    `# ${oneLine(agent.id)}`,
    section('Task', quoted(agent.task)),
    section('Outcome', facts.map(([name, text]) => `- ${name}: ${oneLine(text)}`).join('\n')),
    section('Checks', checks.map(({ name, result, text }) => `- ${result} ${name}: ${oneLine(text)}`).join('\n')),
    ...(run === null ? [] : [section('Verification', runText(run))]),
    ...(changes === null ? [] : [section('Changes since its spawn', changesText(changes))]),
    section('Final answer', answerText(transcript)),
  ].join('\n')
}

function section(title: string, text: string): string {
  return `\n## ${title}\n\n${text}\n`
}

function runText({ command, exitCode, signal, timedOut, durationMs, output, tail }: VerifyRun): string {
  const end = timedOut ? 'time over' : (signal ?? (exitCode === null ? 'not started' : `exit code ${exitCode}`))
  const head = `- Command: ${oneLine(joinWords(command))}\n- End: ${end} after ${span(durationMs)}\n- Output: ${output}`
  return tail.length === 0 ? head : `${head}\n\n${quoted(tail.join('\n'))}`
}

function changesText({ commits, dirty, dirtyBefore, sharedWith }: AgentChanges): string {
  const lines = [
    ...commits.map(({ hash, subject }) => `commit ${hash.slice(0, 12)} ${subject}`),
    ...dirty.map((path) => `not committed: ${path}`),
  ]
  const notes = [
    ...(lines.length === 0 ? ['none'] : []),
    ...(lines.length > NAMED ? [`${lines.length - NAMED} more`] : []),
    ...(dirtyBefore > 0 ? [`dirty before its spawn and untouched since: ${dirtyBefore}`] : []),
    ...(sharedWith.length > 0 ? [`any of them may be of ${sharedWith.join(', ')}, in the same directory`] : []),
  ]
  return [...lines.slice(0, NAMED), ...notes].map((line) => `- ${oneLine(line)}`).join('\n')
}

function answerText({ items, gap }: Summary['transcript']): string {
  if (items === null) return `Its transcript could not be read: ${oneLine(gap?.text ?? 'it has none')}`
  const last = items.findLast(({ kind, role, text }) => kind === 'message' && role === 'assistant' && text?.trim())
  return last === undefined ? 'None is known.' : quoted(last.text ?? '')
}

function usageText(usage: Usage | null): string {
  if (usage === null) return 'not known'
  const { inputTokens, outputTokens, costUsd } = usage
  const parts = [
    ...(inputTokens === null ? [] : [`${inputTokens} input tokens`]),
    ...(outputTokens === null ? [] : [`${outputTokens} output tokens`]),
    ...(costUsd === null ? [] : [`${costUsd} USD`]),
  ]
  return parts.join(', ') || 'not known'
}

/** Text of any origin: none of it counts as a heading of this file. */
function quoted(text: string): string {
  return sanitize(text)
    .trim()
    .split(/\r?\n/)
    .map((line) => `> ${line}`.trimEnd())
    .join('\n')
}

function oneLine(text: string): string {
  return sanitize(text).replace(/\s+/g, ' ').trim()
}

/** `1h 2m 3s`, or milliseconds below one second. */
function span(ms: number): string {
  if (ms < 1000) return `${Math.max(ms, 0)} ms`
  const seconds = Math.floor(ms / 1000)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return ['h', 'm', 's'].flatMap((unit, index) => (parts[index] === 0 ? [] : [`${parts[index]}${unit}`])).join(' ')
}
