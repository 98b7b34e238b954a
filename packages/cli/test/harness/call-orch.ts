import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Io } from '../../src/io.ts'
import { main } from '../../src/main.ts'
import type { Place } from './place.ts'

/** What one command line printed and returned. */
export interface Called {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What stands around a command line that runs in this process. */
export interface CallOptions {
  /** A terminal is behind stdin and stdout. @default false */
  readonly terminal?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string | Uint8Array
  readonly signal?: AbortSignal
}

/** Runs one command line in this process, in the project of `place`; `null`: the words say where. */
export async function callOrch(
  place: Place | null,
  words: readonly string[],
  options: CallOptions = {},
): Promise<Called> {
  const terminal = options.terminal ?? false
  const stdout = Object.assign(new PassThrough(), { isTTY: terminal, columns: 100 })
  const stderr = new PassThrough()
  const io: Io = {
    stdin: Object.assign(Readable.from([options.stdin ?? '']), { isTTY: terminal }),
    stdout,
    stderr,
    env: { ...place?.env, ...options.env },
    signal: options.signal ?? new AbortController().signal,
  }
  const printed = Promise.all([text(stdout), text(stderr)])
  const code = await main([...(place === null ? [] : ['-C', place.project]), ...words], io)
  stdout.end()
  stderr.end()
  const [answer, talk] = await printed
  return { code, stdout: answer, stderr: talk }
}
