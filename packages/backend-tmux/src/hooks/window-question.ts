import type { ShownRow } from '../command-line.ts'
import { quoted } from './choice-rows.ts'
import type { HookEvent } from './hook-event.ts'

/** The tool by which Codex asks its user: no hook takes an answer to it. */
const WINDOW_QUESTION = 'request_user_input'

/** What Codex offers behind the options of each question, with notes. Measured on 0.169.0. */
const OTHER = 'None of the above'

/** What may be typed as a note, and how long a question and an option may be, so that they are found on the screen again. */
const MOST_TEXT = 400
const MOST_LABEL = 40
const MOST_OPTIONS = 8

/** One of the questions that Codex asks at a time. */
export interface WindowQuestion {
  readonly id: string
  readonly question: string
  readonly options: readonly string[]
}

/** What is answered to one of them: an option, or a note of the user's own beside none of them. */
export interface WindowAnswer {
  readonly option: number
  readonly note: string | null
}

/** How a window shows one of the questions. */
export interface ShownQuestion {
  /** All that belongs to it, as it stands there: nothing is pressed unless it does so still. */
  readonly rows: readonly ShownRow[]
  /** On which lines its options stand, the one for none of them last. */
  readonly options: readonly number[]
  /** On which line the pointer stands. */
  readonly pointer: number
  /** What stands in the field for notes, `''` for nothing; `null` when that is not open. */
  readonly note: string | null
}

/** Whether an event tells of a question that only the window takes an answer to. */
export function asksInWindow({ name, call }: HookEvent): boolean {
  return name === 'PreToolUse' && /^"tool_name":\s*"(\w+)"/.exec(call)?.[1] === WINDOW_QUESTION
}

/** The questions of such an event; `null` where one of them could not be told from another thing on the screen. */
export function windowQuestions(event: HookEvent): readonly WindowQuestion[] | null {
  const { questions } = (event.fields.tool_input ?? {}) as { readonly questions?: unknown }
  if (!asksInWindow(event) || event.subagent !== null || !Array.isArray(questions)) return null
  const known = questions.map(questionIn)
  return known.length > 0 && known.every((one) => one !== null) ? known : null
}

function questionIn(asked: unknown): WindowQuestion | null {
  const { id, question, options } = (asked ?? {}) as Readonly<Record<string, unknown>>
  if (typeof id !== 'string' || typeof question !== 'string' || !Array.isArray(options)) return null
  const labels = options.map((option) => (option as { readonly label?: unknown } | null)?.label)
  const isKnown =
    isPlain(oneSpaced(question), MOST_TEXT) &&
    labels.length > 0 &&
    labels.length <= MOST_OPTIONS &&
    labels.every((label): label is string => typeof label === 'string' && isPlain(label, MOST_LABEL)) &&
    new Set([...labels, OTHER]).size === labels.length + 1
  return isKnown ? { id, question, options: labels } : null
}

/** Whether a text stands on the screen as it is: narrow characters and no spaces but between words. */
function isPlain(text: string, most: number): boolean {
  return text.length <= most && /^[\x21-\x7e\xa1-\xac\xae-\u024f]+( [\x21-\x7e\xa1-\xac\xae-\u024f]+)*$/.test(text)
}

/**
 * What a reply says to each question, in their order; `null` for one that does not fit, or cannot be typed.
 * @param choice the label of an option of the only question; `null` for a text: one line for each question
 */
export function windowAnswers(
  questions: readonly WindowQuestion[],
  choice: string | null,
  text: string | null,
): readonly WindowAnswer[] | null {
  const lines = (choice ?? text ?? '').trim().split('\n')
  if (lines.length !== questions.length || (choice !== null && questions.length > 1)) return null
  const answers = questions.map(({ options }, index): WindowAnswer | null => {
    const said = lines[index]?.trim() ?? ''
    const option = [...options, OTHER].indexOf(said)
    if (option >= 0) return { option, note: null }
    return choice === null && isPlain(said, MOST_TEXT) ? { option: options.length, note: said } : null
  })
  return answers.every((one) => one !== null) ? answers : null
}

/** Whether what the program says of a question that is over is what was answered. */
export function isTold(questions: readonly WindowQuestion[], answers: readonly WindowAnswer[], told: unknown): boolean {
  return questions.every(({ id, options }, index) => {
    const { option, note } = answers[index] as WindowAnswer
    const meant = [[...options, OTHER][option], ...(note === null ? [] : [`user_note: ${note}`])]
    return JSON.stringify(toldFor(told, id)) === JSON.stringify(meant)
  })
}

function toldFor(told: unknown, id: string): unknown {
  try {
    const { answers } = JSON.parse(String(told)) as { answers?: Record<string, { answers?: unknown } | undefined> }
    return answers?.[id]?.answers
  } catch {
    return undefined
  }
}

/** Finds one of the questions on a screen, all of it; `null` when that does not show it as it is known to be written. */
export function findQuestion(
  screen: string,
  questions: readonly WindowQuestion[],
  index: number,
): ShownQuestion | null {
  const lines = screen.split('\n').map((line) => line.trimEnd())
  const title = `  Question ${index + 1}/${questions.length} (`
  const top = lines.findLastIndex(
    (line) => line.startsWith(title) && /^\d+ unanswered\)$/.test(line.slice(title.length)),
  )
  const { question, options } = questions[index] as WindowQuestion
  const text = blockAt(lines, top + 1)
  if (top < 0 || oneSpaced(text.join(' ')) !== oneSpaced(question)) return null
  const first = top + text.length + 2
  const list = blockAt(lines, first)
  const places = [...options, OTHER].map((label, at) => list.findIndex((row) => labelIn(row, at) === label))
  const pointers = places.filter((at) => list[at]?.startsWith('  › '))
  const others = list.filter((row, at) => !places.includes(at) && !/^ {7}/.test(row))
  if (places.includes(-1) || places[0] !== 0 || pointers.length !== 1 || others.length > 0) return null
  const foot = footOf(lines, first + list.length + 1)
  if (foot === null) return null
  const below = first + list.length
  const shown = [...range(top, top + 1 + text.length), ...places.map((at) => first + at), ...range(below, foot.end)]
  return {
    rows: shown.flatMap((line) => rowAt(lines, line)),
    options: places.map((at) => first + at),
    pointer: first + (pointers[0] as number),
    note: foot.note,
  }
}

/** A row as it stands there; none for an empty one. */
function rowAt(lines: readonly string[], line: number): ShownRow[] {
  const text = lines[line] ?? ''
  return text === '' ? [] : [{ row: `^${quoted(text)}$`, line }]
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

/** What is below the options: the field for notes while it is open, and what the keys do. */
function footOf(lines: readonly string[], at: number): { readonly note: string | null; readonly end: number } | null {
  const field = blockAt(lines, at)
  if (field[0]?.startsWith('  tab to add notes | enter to submit')) return { note: null, end: at + field.length }
  if (!field[0]?.startsWith('  › ')) return null
  const keys = blockAt(lines, at + field.length + 1)
  if (!keys[0]?.startsWith('  tab or esc to clear notes | enter to submit')) return null
  const typed = oneSpaced(field.join(' ').replace('›', ''))
  return { note: typed === 'Add notes' ? '' : typed, end: at + field.length + 1 + keys.length }
}

/** What stands in a row of the list between its number and what explains it. */
function labelIn(row: string, at: number): string | null {
  const [, number, label] = /^ {2}[› ] (\d+)\. (.*?)(?: {2,}.*)?$/.exec(row) ?? []
  return number === String(at + 1) ? (label ?? null) : null
}

/** The rows from a line to the next empty one. */
function blockAt(lines: readonly string[], from: number): string[] {
  const end = lines.indexOf('', from)
  return lines.slice(from, end < 0 ? undefined : end)
}

function oneSpaced(text: string): string {
  return text.trim().replace(/\s+/g, ' ')
}
