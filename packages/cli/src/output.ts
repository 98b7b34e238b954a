import { type OutputStream, Unwritable } from './io.ts'

/**
 * Writes to a stream of the process, waiting while its reader is slow. The only place that prints.
 * A reader that has gone is no error: for stdout, the signal of the process says so.
 * Rejects with an {@link Unwritable} when it takes no more.
 */
export function print(stream: OutputStream, text: string): Promise<void> {
  if (text === '') return Promise.resolve()
  return new Promise((resolve, reject) => {
    stream.write(text, (error: NodeJS.ErrnoException | null | undefined) =>
      error && error.code !== 'EPIPE' ? reject(new Unwritable(error)) : resolve(),
    )
  })
}

/** Prints an answer that comes in pieces. */
export interface Printer {
  /** Prints a piece, with those that come before anything has to be waited for; what it returns is to be awaited. */
  print(text: string): Promise<void> | undefined
  /** Resolves when all is printed. @throws Unwritable */
  end(): Promise<void>
}

/** So much text waits at most to be printed at once. */
const MOST_CHARACTERS = 65_536

/** Prints pieces that come at once by one write: each write costs more than most pieces do. */
export function createPrinter(stream: OutputStream): Printer {
  let waiting = ''
  let printed = Promise.resolve()
  const flush = (): Promise<void> => {
    const text = waiting
    waiting = ''
    printed = printed.then(() => print(stream, text))
    return printed
  }
  return {
    print(text) {
      if (text === '') return undefined
      // What is ready comes before the next tick: what is waited for, behind it.
      if (waiting === '') process.nextTick(() => void flush().catch(() => {}))
      waiting += text
      return waiting.length < MOST_CHARACTERS ? undefined : flush()
    },
    end: flush,
  }
}

/** Writes what is said beside the answer. One that cannot be written changes nothing: the exit code says enough. */
export function printTalk(stderr: OutputStream, text: string): Promise<void> {
  return print(stderr, text).catch(() => {})
}

/** What JSON lets stand in a string although a terminal acts upon it: DEL, C1 controls, and what turns text around. */
const TERMINAL_CONTROLS = /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** A JSON document as one line, safe to be shown on a terminal. */
export function jsonLine(value: unknown): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(value).replace(TERMINAL_CONTROLS, escaped)}\n`
}
