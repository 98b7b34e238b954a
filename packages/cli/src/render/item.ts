import { type Item, sanitize, type ToolCall } from '@orch/core'
import { oneLine, type Page, type Part, type Style, styled } from '../page.ts'

const TOOL_STYLES: Readonly<Record<ToolCall['status'], Style>> = {
  pending: 'dim',
  running: 'cyan',
  completed: 'green',
  error: 'red',
}

/** How many lines of a tool's output, and of a difference, are shown. */
const OUTPUT_LINES = 5
const DIFF_LINES = 60

/** How many characters of such a line are shown. */
const LINE_CHARACTERS = 200

/** One item of a transcript, or one line of output, as far as it is known now. */
export function writeItem(page: Page, item: Item): void {
  const text = item.text ?? ''
  if (item.tool !== null) writeTool(page, item, item.tool)
  else if (item.kind === 'screen') page.line(text)
  else {
    writeLead(page, item)
    page.line(styleOfText(item, indented(item, text)))
  }
}

/** What stands before the text of a message: who speaks. What a subagent says is indented. */
export function writeLead(page: Page, item: Item): void {
  if (item.from !== null) page.text(styled('dim', `${marginOf(item)}${oneLine(item.from)}: `))
  if (item.role === 'user') page.text(styled('cyan', '> '))
}

/** A tool call in one line, then the beginning of its output, or what it changed. */
export function writeTool(page: Page, item: Item, tool: ToolCall): void {
  const took = tool.durationMs === null ? '' : ` (${(tool.durationMs / 1000).toFixed(1)} s)`
  const isDiff = item.kind === 'diff'
  if (item.from !== null) writeLead(page, { ...item, role: null })
  page.line(
    styled(TOOL_STYLES[tool.status], `[${tool.status}] `),
    styled('bold', oneLine(tool.name)),
    `${isDiff ? '' : ` ${oneLine(tool.input, LINE_CHARACTERS)}`}${took}`,
  )
  if (isDiff) writeDiff(page, item)
  else if (item.final && tool.output !== null) writeOutput(page, item, tool.output)
}

function writeOutput(page: Page, item: Item, output: string): void {
  const style = item.tool?.status === 'error' ? 'red' : 'dim'
  const lines = linesOf(output).map((line) => styled(style, cut(line)))
  writeSome(page, item, lines, OUTPUT_LINES)
}

function writeDiff(page: Page, item: Item): void {
  const lines = linesOf(item.text ?? '').filter((line) => !/^(Index: |=+$)/.test(line))
  writeSome(page, item, lines.map(styleOfChange), DIFF_LINES)
}

function writeSome(page: Page, item: Item, lines: readonly Part[], most: number): void {
  const margin = `${marginOf(item)}    `
  for (const line of lines.slice(0, most)) page.line(margin, line)
  const rest = lines.length - most
  if (rest > 0) page.line(styled('dim', `${margin}… ${rest} more ${rest === 1 ? 'line' : 'lines'}`))
  else if (item.truncated) page.line(styled('dim', `${margin}… the rest is not in the transcript`))
}

function styleOfChange(line: string): Part {
  const text = cut(line)
  if (/^(---|\+\+\+|@@)/.test(line)) return styled('dim', text)
  return line.startsWith('+') ? styled('green', text) : line.startsWith('-') ? styled('red', text) : text
}

function linesOf(text: string): string[] {
  return text.replace(/\s+$/, '').split('\n')
}

function cut(line: string): string {
  const characters = [...sanitize(line)]
  return characters.length <= LINE_CHARACTERS ? line : `${characters.slice(0, LINE_CHARACTERS - 1).join('')}…`
}

/** The text of an item with the lines after its first in the margin of its speaker. */
export function indented(item: Pick<Item, 'from'>, text: string): string {
  return text.replaceAll('\n', `\n${marginOf(item)}`)
}

function marginOf({ from }: Pick<Item, 'from'>): string {
  return from === null ? '' : '  '
}

/** The text of an item in the look of its kind. */
export function styleOfText(item: Item, text: string): string | ReturnType<typeof styled> {
  return item.kind === 'reasoning' ? styled('dim', text) : text
}
