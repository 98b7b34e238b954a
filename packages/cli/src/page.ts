import { sanitize } from '@orch/core'

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** How a piece of text looks on a terminal. */
export type Style = keyof typeof CODES

/** Text with a look. */
export interface Styled {
  readonly style: Style
  readonly text: string
}

/** A piece of a line. Terminal control sequences in it are removed when it is put on a page. */
export type Part = string | Styled

/** Where the text for a person will appear. */
export interface PageSettings {
  /** A terminal is behind stdout. */
  readonly interactive: boolean
  readonly colors: boolean
  /** The width of the terminal; `null`: do not cut lines. */
  readonly columns: number | null
  /** Milliseconds since the epoch: ages are counted from here. */
  readonly now: number
}

/** What renderings write on. Nothing is printed by it: `output.ts` prints what `take` returns. */
export interface Page extends PageSettings {
  /** One line of the answer, for stdout. */
  line(...parts: readonly Part[]): void
  /** A part of a line of the answer. */
  text(...parts: readonly Part[]): void
  /** Bytes as the agent wrote them: only for `tail --raw`. */
  raw(text: string): void
  /** One line of talk, for stderr. */
  note(...parts: readonly Part[]): void
  /** What was written since the last call. */
  take(): { readonly answer: string; readonly talk: string }
}

/** An empty page. */
export function createPage(settings: PageSettings): Page {
  let answer = ''
  let talk = ''
  const show = (parts: readonly Part[]): string => parts.map((part) => showPart(part, settings.colors)).join('')
  return {
    ...settings,
    line: (...parts) => {
      answer += `${show(parts)}\n`
    },
    text: (...parts) => {
      answer += show(parts)
    },
    raw: (text) => {
      answer += text
    },
    note: (...parts) => {
      talk += `${show(parts)}\n`
    },
    take: () => {
      const taken = { answer, talk }
      answer = ''
      talk = ''
      return taken
    },
  }
}

/** `text` with a look, on terminals that have colours. */
export function styled(style: Style, text: string): Styled {
  return { style, text }
}

/** Text of any origin as one line without control sequences, cut at `most` characters. */
export function oneLine(text: string, most: number = Number.POSITIVE_INFINITY): string {
  const flat = sanitize(text).replace(/\s+/g, ' ').trim()
  const characters = [...flat]
  return characters.length <= most ? flat : `${characters.slice(0, Math.max(1, most - 1)).join('')}…`
}

/** How many of something there are: "1 file", "2 files". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** The most characters of a column that is neither the first nor the last, unless the table says otherwise. */
const CELL = 24

/**
 * Writes rows under a header, columns aligned. The first is never cut, the last one at the width of the terminal.
 * @param cell the most characters of the others
 */
export function writeTable(page: Page, header: readonly string[], rows: readonly Part[][], cell: number = CELL): void {
  const inner = (column: number): boolean => column > 0 && column < header.length - 1
  const lines: Part[][] = [header.map((text) => styled('dim', text)), ...rows].map((line: Part[]) =>
    line.map((part, column) => withText(part, oneLine(textOf(part), inner(column) ? cell : undefined))),
  )
  const widths = header.map((_, column) => Math.max(...lines.map((line) => [...textOf(line[column] ?? '')].length)))
  const last = header.length - 1
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0)
  const room = page.columns === null ? undefined : Math.max(10, page.columns - before)
  for (const line of lines) {
    page.line(
      ...line.map((part, column) => {
        const text = oneLine(textOf(part), column === last ? room : undefined)
        const padding = column === last ? 0 : (widths[column] ?? 0) + 2 - [...text].length
        return withText(part, text + ' '.repeat(padding))
      }),
    )
  }
}

function showPart(part: Part, colors: boolean): string {
  const text = sanitize(textOf(part))
  if (typeof part === 'string' || !colors || text === '') return text
  return `\x1b[${CODES[part.style]}m${text}\x1b[0m`
}

function textOf(part: Part): string {
  return typeof part === 'string' ? part : part.text
}

function withText(part: Part, text: string): Part {
  return typeof part === 'string' ? text : styled(part.style, text)
}
