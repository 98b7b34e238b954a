import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** One file of a log: where in the whole it begins, and where what it holds now ends, in bytes. */
interface LogPart {
  readonly path: string
  readonly start: number
  readonly end: number
}

/** The files of one log (see `LOG_SCRIPT`) as one range of bytes, of which the oldest may be gone. */
export class LogParts {
  readonly #path: string
  #parts: LogPart[] = []

  /** @param path of the first part, which names the others */
  constructor(path: string) {
    this.#path = path
  }

  /** Looks how far the log goes now; `false` when there is none. */
  look(): boolean {
    const known = this.#parts.pop()?.start ?? 0
    if (!this.#lookFrom(known)) {
      this.#parts = []
      this.#starts().some((start) => this.#lookFrom(start))
    }
    return this.#parts.length > 0
  }

  /** Where what is still there begins. */
  get start(): number {
    return this.#parts[0]?.start ?? 0
  }

  get end(): number {
    return this.#parts.at(-1)?.end ?? 0
  }

  /** The file that is written to now; the first part while none is there. */
  get newest(): string {
    return this.#parts.at(-1)?.path ?? this.#path
  }

  /** The bytes of a range that was there at the last look; `null` when its beginning is gone since. */
  read(from: number, to: number): Buffer | null {
    const bytes = Buffer.allocUnsafe(Math.max(0, to - from))
    let filled = 0
    for (const part of this.#parts) {
      const [begin, end] = [Math.max(from, part.start), Math.min(to, part.end)]
      if (begin >= end) continue
      const count = readFrom(part, begin, bytes.subarray(begin - from, end - from))
      if (count === null) {
        this.#parts = []
        return null
      }
      filled += count
    }
    return bytes.subarray(0, filled)
  }

  /** Adds the parts from one that begins at `start`; `false` when that one is not there. */
  #lookFrom(start: number): boolean {
    let next = start
    for (;;) {
      const path = next === 0 ? this.#path : `${this.#path}.${next}`
      const size = statSync(path, { throwIfNoEntry: false })?.size
      if (size === undefined) return next !== start
      this.#parts.push({ path, start: next, end: next + size })
      next += size
      if (size === 0) return true
    }
  }

  /** Where the parts begin whose names the directory lists, oldest first. */
  #starts(): number[] {
    const prefix = `${basename(this.#path)}.`
    const own = namesBeside(this.#path).filter((name) => name.startsWith(prefix))
    const starts = own.map((name) => Number(name.slice(prefix.length))).filter(Number.isSafeInteger)
    return starts.sort((one, other) => one - other)
  }
}

/** The name of the first part of the log that a file is a part of. */
export function firstPartOf(name: string): string {
  return name.replace(/\.\d+$/, '')
}

function namesBeside(path: string): string[] {
  try {
    return readdirSync(dirname(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function readFrom(part: LogPart, from: number, into: Buffer): number | null {
  let descriptor: number
  try {
    descriptor = openSync(part.path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    let filled = 0
    for (let count = -1; filled < into.length && count !== 0; filled += count)
      count = readSync(descriptor, into, filled, into.length - filled, from - part.start + filled)
    return filled
  } finally {
    closeSync(descriptor)
  }
}
