import type { Item, Reason } from '@orch/core'
import { isFullScreenAt, readLastLines, readLinesFrom } from '../client/log.ts'
import { LogParts } from '../client/log-parts.ts'
import { FULL_SCREEN, FullScreenFilter } from './full-screen.ts'
import { lineItem } from './output-lines.ts'

/** What is told of a log whose oldest part was removed. */
export const LOG_CUT: Reason = { code: 'LOG_CUT', text: 'Older output was removed: the log keeps only the newest' }

/** Reads the lines that are added to one log, when asked to; a line that is not complete yet is read again as it grows. */
export class LogFollower {
  readonly agent: string
  readonly #path: string
  readonly #log: LogParts
  readonly #raw: boolean
  #next = 0
  #partial = 0
  #dirty = false
  #filter = new FullScreenFilter(false)

  constructor(agent: string, log: { readonly path: string; readonly raw: boolean }) {
    this.agent = agent
    this.#path = log.path
    this.#log = new LogParts(log.path)
    this.#raw = log.raw
  }

  /** Begins behind what stands in the log now. A line that is incomplete now is read when it grows. */
  async start(): Promise<void> {
    const page = readLastLines(this.#path, { last: 1, before: null })
    const line = page?.lines.at(-1)
    this.#next = page?.start ?? 0
    if (line?.final === true) this.#next = line.end
    if (line?.final === false) this.#partial = line.end
    this.#filter = new FullScreenFilter(isFullScreenAt(this.#path, this.#next))
  }

  /** Notes that the log has grown, perhaps; `false` when that was noted already and not read since. */
  note(): boolean {
    const isNew = !this.#dirty
    this.#dirty = true
    return isNew
  }

  /**
   * What was added, as far as one read goes, whether there is more, and why something is missing: before it, or what a
   * program draws on the whole window since, which is no text.
   */
  async read(): Promise<{ readonly items: readonly Item[]; readonly more: boolean; readonly gap: Reason | null }> {
    this.#dirty = false
    const { lines, more, isCut } = readLinesFrom(this.#log, this.#next)
    const added = lines.filter((line) => line.final || line.end !== this.#partial)
    this.#partial = lines.at(-1)?.final === false ? (lines.at(-1)?.end ?? 0) : 0
    this.#next =
      lines.filter(({ final }) => final).at(-1)?.end ?? (isCut ? (lines[0]?.start ?? this.#log.end) : this.#next)
    if (isCut) this.#filter = new FullScreenFilter(isFullScreenAt(this.#path, lines[0]?.start ?? this.#next))
    const wasFull = this.#filter.isFull
    const shown = this.#raw ? added : added.flatMap((line) => this.#filter.take(line) ?? [])
    const drawn = !wasFull && this.#filter.isFull ? FULL_SCREEN : null
    return { items: shown.map((line) => lineItem(line, this.#raw)), more, gap: isCut ? LOG_CUT : drawn }
  }
}
