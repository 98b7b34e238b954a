import type { Item } from '../agent.ts'
import { keepNewest } from '../transcript/keep-newest.ts'

/** How far a reader has come in a transcript. */
export interface Position {
  /** The newest item it was told that a transcript is sure to hold; `null` before the first one. */
  readonly after: string | null
  /** Items it was told before they were finished, each with what `after` was when it was told them first. */
  readonly open: ReadonlyMap<string, string | null>
}

/** Keeps the position of one reader. */
export interface Progress {
  /** Must be given every item that the reader is told, changed ones too. @param isRead a transcript holds it */
  told(item: Item, isRead: boolean): void
  position(): Position
  /** Something may have been missed: the position stays where it is until {@link Progress.mended}. */
  hold(): void
  mended(): void
}

/** A reader that begins at `from`. */
export function createProgress(from: Position): Progress {
  const order = new Map<string, number>([...from.open.keys()].map((id) => [id, -1]))
  const open = new Map(from.open)
  let { after } = from
  let held: Position | null = null
  let count = order.size
  if (after !== null) order.set(after, 0)
  const position = (): Position => held ?? { after, open: new Map(open) }
  return {
    told(item, isRead) {
      const index = order.get(item.id) ?? count++
      keepNewest(order, item.id, index)
      if (item.final) open.delete(item.id)
      else if (!open.has(item.id)) open.set(item.id, after)
      if ((isRead || isLasting(item)) && index >= (after === null ? 0 : (order.get(after) ?? 0))) after = item.id
    },
    position,
    hold() {
      held ??= position()
    },
    mended() {
      held = null
    },
  }
}

/** Text that streams may be in no transcript before its end, and never when its server dies meanwhile. */
function isLasting({ tool, final, text }: Item): boolean {
  return tool !== null || (final && text !== '')
}

/** A position as the cursor of a line: JSON as base64url, opaque to everyone else. */
export function cursorOf({ after, open }: Position): string {
  return Buffer.from(JSON.stringify([after, ...open])).toString('base64url')
}

/** The position that a cursor stands for; `null` when it is none. */
export function positionAt(cursor: string): Position | null {
  try {
    const [after, ...open] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[]
    const isCursor = (after === null || typeof after === 'string') && open.every(isOpen)
    return isCursor ? { after, open: new Map(open as [string, string | null][]) } : null
  } catch {
    return null
  }
}

function isOpen(value: unknown): value is [string, string | null] {
  if (!Array.isArray(value)) return false
  const [id, after] = value as unknown[]
  return typeof id === 'string' && (after === null || typeof after === 'string')
}
