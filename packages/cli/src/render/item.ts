import type { Item, ToolCall } from '@orch/core'
import { oneLine, type Page, type Style, styled } from '../page.ts'

const TOOL_STYLES: Readonly<Record<ToolCall['status'], Style>> = {
  pending: 'dim',
  running: 'cyan',
  completed: 'green',
  error: 'red',
}

/** One item of a transcript, or one line of output, as far as it is known now. */
export function writeItem(page: Page, item: Item): void {
  const text = item.text ?? ''
  if (item.tool !== null) writeTool(page, item.tool)
  else if (item.kind === 'screen') page.line(text)
  else {
    writeLead(page, item)
    page.line(styleOfText(item, text))
  }
}

/** What stands before the text of a message: who speaks. */
export function writeLead(page: Page, item: Item): void {
  if (item.from !== null) page.text(styled('dim', `${oneLine(item.from)}: `))
  if (item.role === 'user') page.text(styled('cyan', '> '))
}

/** A tool call in one line, with the first line of an error's output. */
export function writeTool(page: Page, tool: ToolCall): void {
  const took = tool.durationMs === null ? '' : ` (${(tool.durationMs / 1000).toFixed(1)} s)`
  page.line(
    styled(TOOL_STYLES[tool.status], `[${tool.status}] `),
    styled('bold', oneLine(tool.name)),
    ` ${oneLine(tool.input, 200)}${took}`,
  )
  if (tool.status === 'error' && tool.output !== null) page.line(styled('red', `  ${oneLine(tool.output, 200)}`))
}

/** The text of an item in the look of its kind. */
export function styleOfText(item: Item, text: string): string | ReturnType<typeof styled> {
  return item.kind === 'reasoning' ? styled('dim', text) : text
}
