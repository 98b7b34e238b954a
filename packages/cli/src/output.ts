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

/** Writes what is said beside the answer. One that cannot be written changes nothing: the exit code says enough. */
export function printTalk(stderr: OutputStream, text: string): Promise<void> {
  return print(stderr, text).catch(() => {})
}

/** What JSON lets stand in a string although a terminal acts upon it: DEL, C1 controls, and what turns text around. */
const TERMINAL_CONTROLS = /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** Writes one JSON document on one line, safe to be shown on a terminal. */
export function printJson(stream: OutputStream, value: unknown): Promise<void> {
  return print(stream, jsonLine(value))
}

/** What {@link printJson} prints. */
export function jsonLine(value: unknown): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(value).replace(TERMINAL_CONTROLS, escaped)}\n`
}
