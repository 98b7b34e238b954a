import type { Item, TailLine } from '@orch/core'
import { oneLine, type Page, styled } from '../page.ts'
import { indented, styleOfText, writeItem, writeLead, writeTool } from './item.ts'

/** What a page already shows of items that may still change. */
interface Shown {
  /** The text so far of each unfinished item, and the last status of each tool call. */
  readonly texts: Map<string, string>
  /** Items that are finished: sent again, they are not shown again. */
  readonly finished: Set<string>
  /** Every unfinished item. */
  readonly items: Map<string, Item>
  /** The item whose text ends the page without a line end. */
  open: string | null
}

const shownOn = new WeakMap<Page, Shown>()

/**
 * Adds one line of `tail` to a page. Text that streamed in is not repeated when its item is finished; text that lacks its
 * beginning is not shown before it is whole.
 */
export function writeTailLine(page: Page, line: TailLine, raw: boolean): void {
  const shown = shownOn.get(page) ?? { texts: new Map(), finished: new Set(), items: new Map(), open: null }
  shownOn.set(page, shown)
  if (line.type === 'delta') writeDelta(page, shown, line.itemId, line.text)
  else if (line.type === 'item') writeUpsert(page, shown, line.item, raw)
  else writeEvent(page, shown, line)
}

/** That a turn runs is what the text on the open line shows: it is not broken to say so. */
function writeEvent(page: Page, shown: Shown, line: Exclude<TailLine, { type: 'delta' | 'item' }>): void {
  if (shown.open !== null && line.reason.code === 'TURN_RUNNING') return
  endOpenLine(page, shown)
  const reason = oneLine(line.reason.text)
  if (line.type === 'state') page.line(styled('dim', `-- ${line.state}: ${reason}`))
  if (line.type === 'gap') page.line(styled('yellow', `-- something may be missing: ${reason}`))
  if (line.type === 'end') page.line(styled('dim', `-- end: ${reason}`))
}

function writeDelta(page: Page, shown: Shown, id: string, text: string): void {
  const item = shown.items.get(id)
  if (shown.finished.has(id) || item?.truncated) return
  if (shown.open !== id) {
    endOpenLine(page, shown)
    if (item !== undefined) writeLead(page, item)
  }
  const part = item === undefined ? text : indented(item, text)
  page.text(item === undefined ? part : styleOfText(item, part))
  shown.open = id
  shown.texts.set(id, (shown.texts.get(id) ?? '') + text)
}

function writeUpsert(page: Page, shown: Shown, item: Item, raw: boolean): void {
  if (shown.finished.has(item.id)) return
  shown.items.set(item.id, item)
  if (raw && item.kind === 'screen') page.raw(`${item.text ?? ''}\n`)
  else if (item.tool !== null) writeToolChange(page, shown, item)
  else if (item.final && !shown.texts.has(item.id)) {
    endOpenLine(page, shown)
    writeItem(page, item)
  } else writeGrowth(page, shown, item)
  if (!item.final) return
  if (shown.open === item.id) endOpenLine(page, shown)
  shown.texts.delete(item.id)
  shown.items.delete(item.id)
  shown.finished.add(item.id)
}

function writeToolChange(page: Page, shown: Shown, item: Item): void {
  if (item.tool === null || shown.texts.get(item.id) === item.tool.status) return
  if (item.tool.status === 'pending' && item.tool.input === '') return
  endOpenLine(page, shown)
  writeTool(page, item, item.tool)
  shown.texts.set(item.id, item.tool.status)
}

/** Writes what is new in an item's text; all of it when it is not a continuation of what is shown. */
function writeGrowth(page: Page, shown: Shown, item: Item): void {
  const text = item.text ?? ''
  const before = shown.texts.get(item.id)
  const grown = before !== undefined && text.startsWith(before)
  const fresh = grown ? text.slice(before.length) : text
  if (fresh === '') return
  if (shown.open !== item.id || !grown) {
    endOpenLine(page, shown)
    if (item.from !== null || !grown) writeLead(page, item)
  }
  page.text(styleOfText(item, indented(item, fresh)))
  shown.open = item.id
  shown.texts.set(item.id, text)
}

function endOpenLine(page: Page, shown: Shown): void {
  if (shown.open === null) return
  const text = shown.texts.get(shown.open) ?? ''
  const isIndented = (shown.items.get(shown.open)?.from ?? null) !== null
  if (isIndented || !text.endsWith('\n')) page.text('\n')
  shown.open = null
}
