import { createHash } from 'node:crypto'
import type { AgentRequest, Evidence, Phase, Reason } from '../agent.ts'
import { type RequestLine, requestLines } from './request-lines.ts'

/** What the agent's own page says. `unreadable` is set when the page is there and could not be read. */
export interface Report {
  readonly phase: Phase | null
  readonly requests: readonly AgentRequest[]
  readonly evidence: readonly Evidence[]
  readonly unreadable: Reason | null
}

/** The report of an agent that has written nothing. */
export const NO_REPORT: Report = { phase: null, requests: [], evidence: [], unreadable: null }

/** The agent's own page inside its workspace. */
export const PAGE = 'WORKSPACE.md'

/** The page as it is made: a placeholder is no phase. */
export const EMPTY_PAGE = 'Phase: [Planning | Implementing | Testing | Complete]\n'

/** Parses a page that was last changed at `at` (ISO 8601): the one parser for every reader (design §8). Pure. */
export function parseReport(text: string, at: string, answered: readonly string[]): Report {
  const lines = linesOf(text)
  const stated = frontMatterPhase(lines) ?? lastPhaseLine(lines)
  const phase = stated === null ? null : toPhase(stated, at)
  const asked = /question|blocked/i.test(text) ? requestLines(lines, Math.max(frontMatterEnd(lines), 0)) : []
  const requests = asked
    .map(toRequest)
    .filter((request, index, all) => all.findIndex((other) => other.id === request.id) === index)
    .filter((request) => !answered.includes(request.id))
  const evidence: Evidence[] = [{ source: 'file', detail: PAGE, at }]
  return { phase, requests, evidence, unreadable: null }
}

/** The page with another phase: in the front matter when that has one, else as its last `Phase:` line. Pure. */
export function withPhase(text: string, line: string): string {
  const lines = text.split('\n')
  const index = frontMatterIndex(linesOf(text))
  if (index < 0) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}Phase: ${line}\n`
  const value = /^(["']).*\1$/.test(line) ? `'${line}'` : line
  return lines.with(index, `phase: ${value}${lines[index]?.endsWith('\r') ? '\r' : ''}`).join('\n')
}

/** Without what editors add: a mark at the beginning, carriage returns. */
function linesOf(text: string): readonly string[] {
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text
  return (plain.includes('\r') ? plain.replaceAll('\r', '') : plain).split('\n')
}

function frontMatterPhase(lines: readonly string[]): string | null {
  const value = lines[frontMatterIndex(lines)]?.slice('phase:'.length).trim()
  return value === undefined ? null : readable(value.replace(/^(["'])(.*)\1$/, '$2'))
}

/** Which line of closed front matter states a phase; -1 for none. */
function frontMatterIndex(lines: readonly string[]): number {
  return lines.slice(0, Math.max(frontMatterEnd(lines), 0)).findIndex((line) => line.startsWith('phase:'))
}

/** Which line closes the front matter; -1 for none. */
function frontMatterEnd(lines: readonly string[]): number {
  const isFence = (line: string): boolean => line.trimEnd() === '---'
  return isFence(lines[0] ?? '') ? lines.findIndex((line, index) => index > 0 && isFence(line)) : -1
}

function lastPhaseLine(lines: readonly string[]): string | null {
  for (const line of lines.toReversed()) {
    const value = /^(?:Phase:|\*\*Phase:\*\*)[ \t]*(.*)$/.exec(line)?.[1]?.trim()
    if (value !== undefined && readable(value) !== null) return value
  }
  return null
}

/** A placeholder of the template is no phase. */
function readable(value: string): string | null {
  const { name } = toPhase(value, '')
  return name === '' || name.includes(' | ') || /^\[.*\]$/.test(name) ? null : value
}

function toPhase(text: string, at: string): Phase {
  const split = text.indexOf(' - ')
  if (split < 0) return { name: text, note: null, at }
  return { name: text.slice(0, split).trim(), note: text.slice(split + 3).trim() || null, at }
}

/** The id of the request that the line `QUESTION: text` is; `text` is one line without spaces around it. */
export function questionId(text: string): string {
  return idOf('QUESTION', text)
}

function idOf(word: string, text: string): string {
  return `page-${createHash('sha256').update(`${word}:${text}`).digest('hex').slice(0, 12)}`
}

function toRequest({ word, text }: RequestLine): AgentRequest {
  return {
    id: idOf(word, text),
    kind: word === 'BLOCKED' ? 'blocked' : 'question',
    text,
    detail: null,
    choices: [],
    since: null,
    from: null,
    answerable: true,
  }
}
