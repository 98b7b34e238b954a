import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs'
import { addAbortSignal, type Readable } from 'node:stream'
import { fileError, OrchError } from '@orch/core'
import type { Io } from './io.ts'
import { usageError } from './options.ts'

/** So many bytes a text may have that a file or stdin gives. */
const LARGEST_TEXT = 1024 * 1024

/** What is read, and from where. */
export interface Reading {
  /** `message`, `task` … */
  readonly what: string
  /** A path; `-` is stdin. */
  readonly file: string
  /** Bytes. @default 1 MiB */
  readonly most?: number | undefined
}

/**
 * The text of a file or of stdin, read no further than its limit.
 * @throws OrchError `USAGE` for more than that, and when it is not UTF-8; `FILE_NOT_FOUND` …
 */
export async function readText({ what, file, most = LARGEST_TEXT }: Reading, io: Io): Promise<string> {
  const object = `the ${what} from ${file === '-' ? 'stdin' : `"${file}"`}`
  const { signal } = io
  if (file === '-') return decode(await readMost(addAbortSignal(signal, io.stdin), { object, most }), object)
  const read = async (): Promise<Buffer> => readMost(addAbortSignal(signal, await openStream(file)), { object, most })
  const bytes = await read().catch((cause: unknown) => {
    throw signal.aborted || cause instanceof OrchError ? cause : unreadable(file, cause)
  })
  return decode(bytes, object)
}

/** A pipe that nobody writes to holds up whoever opens it to wait, and no signal ends that. */
async function openStream(file: string): Promise<Readable> {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  if (fstatSync(fd).isFIFO()) {
    const { Socket } = await import('node:net')
    return new Socket({ fd, readable: true, writable: false })
  }
  closeSync(fd)
  return createReadStream(file)
}

async function readMost(
  stream: Readable,
  { object, most }: { readonly object: string; readonly most: number },
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Buffer | string)
    length += bytes.length
    if (length > most)
      throw usageError(
        `Cannot read ${object}: it has more than ${most} bytes`,
        'Shorten it, or name a file in it that holds the rest',
      )
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

function decode(bytes: Uint8Array, object: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw usageError(`Cannot read ${object}: it is not UTF-8 text`, 'Convert it to UTF-8 first')
  }
}

function unreadable(file: string, cause: unknown): OrchError {
  const error = fileError(cause, `Cannot read "${file}": the file is not readable`, 'FILE_NOT_FOUND')
  if (error.code !== 'FILE_NOT_FOUND') return error
  return new OrchError(error.code, error.message, { hint: 'Check the path of the file', cause })
}
