import type { Item } from '@orch/core'
import { readLastLines, readLinesFrom } from './client/log.ts'
import { lineItem } from './output-lines.ts'

/** Where a {@link LogFollower} reports to. */
interface Follower {
  readonly onLine: (item: Item) => void
  readonly onError: (text: string) => void
  readonly raw: boolean
}

/** Reports the lines that are added to one log; a line that is not complete yet is reported again as it grows. */
export class LogFollower {
  readonly #path: string
  readonly #to: Follower
  #next = 0
  #partial = 0
  #dirty = false
  #reading = false

  constructor(path: string, to: Follower) {
    this.#path = path
    this.#to = to
  }

  /** Begins at what stands in the log now. A line that is incomplete now is reported when it grows. */
  async start(): Promise<void> {
    this.#reading = true
    const page = await readLastLines(this.#path, { last: 1, before: null })
    const line = page?.lines.at(-1)
    if (line !== undefined) this.#next = line.final ? line.end : line.start
    if (line?.final === false) this.#partial = line.end
    this.#reading = false
    if (this.#dirty) this.changed()
  }

  /** The log has grown, perhaps. */
  changed(): void {
    this.#dirty = true
    if (this.#reading) return
    this.#reading = true
    this.#read()
      .catch((error: Error) => this.#to.onError(`Cannot read "${this.#path}": ${error.message}`))
      .finally(() => {
        this.#reading = false
      })
  }

  async #read(): Promise<void> {
    while (this.#dirty) {
      this.#dirty = false
      for (const line of await readLinesFrom(this.#path, this.#next)) {
        if (line.final) this.#next = line.end
        else if (line.end === this.#partial) continue
        else this.#partial = line.end
        this.#to.onLine(lineItem(line, this.#to.raw))
      }
    }
  }
}
