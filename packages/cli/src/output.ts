import type { OutputStream } from './io.ts'

/**
 * Writes to a stream of the process, waiting while its reader is slow. The only place that prints.
 * A reader that has gone is no error: for stdout, the signal of the process says so.
 */
export function print(stream: OutputStream, text: string): Promise<void> {
  if (text === '') return Promise.resolve()
  return new Promise((resolve, reject) => {
    stream.write(text, (error: NodeJS.ErrnoException | null | undefined) =>
      error && error.code !== 'EPIPE' ? reject(error) : resolve(),
    )
  })
}

/** One JSON document on one line. */
export function printJson(stream: OutputStream, value: unknown): Promise<void> {
  return print(stream, `${JSON.stringify(value)}\n`)
}
