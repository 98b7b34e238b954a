import type { Item } from '@orch/core'
import { readLinesWithin, sizeOf } from '../client/events-file.ts'
import { safely, type Transcript } from './read-transcript.ts'
import { ItemMaker } from './transcript-entry.ts'

/** How much one read takes, in bytes. */
const PART_BYTES = 4_194_304

/** Reads what is added to an agent's transcript, when asked to; a program may begin another one. */
export class TranscriptFollower {
  readonly agent: string
  readonly #find: () => Transcript | null
  readonly #maker: ItemMaker
  #current: Transcript | null = null
  #next = 0
  #dirty = false

  /** @param find the transcript that the program writes now; `null` before it has one */
  constructor(agent: string, { find, raw }: { readonly find: () => Transcript | null; readonly raw: boolean }) {
    this.agent = agent
    this.#find = find
    this.#maker = new ItemMaker(raw)
  }

  /** Begins behind what stands in the transcript now. Calls that are open now are known when they end. */
  async start(): Promise<void> {
    const transcript = this.#find()
    if (transcript === null) return
    this.#current = transcript
    const size = sizeOf(transcript.path)
    this.#take(transcript, { from: Math.max(0, size - PART_BYTES), to: size })
  }

  /** Notes that it has grown, perhaps; `false` when that was noted already and not read since. */
  note(): boolean {
    const isNew = !this.#dirty
    this.#dirty = true
    return isNew
  }

  /** What was added, as far as one read goes, and whether there is more. */
  async read(): Promise<{ readonly items: readonly Item[]; readonly more: boolean }> {
    this.#dirty = false
    const newest = this.#find()
    const transcript = this.#current ?? newest
    if (transcript === null) return { items: [], more: false }
    this.#current = transcript
    const isLeft = newest !== null && newest.path !== transcript.path
    const size = sizeOf(transcript.path)
    for (let bytes = PART_BYTES; ; bytes *= 4) {
      const to = Math.min(size, this.#next + bytes)
      const before = this.#next
      const items = this.#take(transcript, { from: before, to })
      const more = this.#next > before && to < size
      if (isLeft && to === size) this.#goOn(newest)
      if (more || to === size) return { items, more: more || isLeft }
    }
  }

  /** What is left of the one before was read. */
  #goOn(newest: Transcript): void {
    this.#current = newest
    this.#next = 0
  }

  /** The items of the whole lines in a range; what follows them is next. */
  #take({ path, entriesOf }: Transcript, range: { readonly from: number; readonly to: number }): readonly Item[] {
    const items: Item[] = []
    for (const { text, end } of readLinesWithin(path, range.from, range.to)) {
      this.#next = end
      for (const entry of safely(entriesOf, text)) {
        const item = this.#maker.make(entry)
        if (item !== null) items.push(item)
      }
    }
    return items
  }
}
