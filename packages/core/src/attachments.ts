import { readFile, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Attachment } from './agent.ts'
import type { Message } from './backend.ts'
import { fileError, OrchError } from './errors.ts'

/** All files of one message together, in bytes: they are part of the conversation from then on. */
export const LARGEST_ATTACHMENTS = 5_000_000

const READS_IT_ITSELF = 'Name the file in the message: an agent on this machine reads it itself'

/** Bytes by which a file is known for what models take besides text, and where they stand. */
const SIGNATURES: readonly (readonly [mime: string, at: number, bytes: string])[] = [
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF8'],
  ['image/webp', 8, 'WEBP'],
  ['application/pdf', 0, '%PDF-'],
]

/**
 * Looks at files that are to go with a message.
 * @param directory where relative paths begin
 * @throws OrchError `FILE_NOT_FOUND` for what is not there or is no regular file, `PERMISSION_DENIED`, `DISK`, `USAGE` for
 * more than 5,000,000 bytes, `UNSUPPORTED` for what no model takes
 */
export async function checkAttachments(paths: readonly string[], directory: string): Promise<readonly Attachment[]> {
  let total = 0
  const attachments: Attachment[] = []
  for (const path of paths.map((path) => resolve(directory, path))) {
    total += await sizeOf(path)
    if (total > LARGEST_ATTACHMENTS) throw tooLarge(path, total)
    attachments.push({ path, mime: mimeOf(path, await read(path)), name: basename(path) })
  }
  return attachments
}

/**
 * The content of a file that goes with a message, in base64; for backends.
 * @throws OrchError `FILE_NOT_FOUND` when it is not there any more, `PERMISSION_DENIED`, `DISK`; outcome `none`
 */
export async function readAttachment({ path }: Attachment): Promise<string> {
  return (await read(path)).toString('base64')
}

/** A message as backends get it. */
export function messageOf(id: string, text: string, attachments: readonly Attachment[] = []): Message {
  return { id, text, ...(attachments.length > 0 && { attachments }) }
}

async function read(path: string): Promise<Buffer> {
  return await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
}

/** A pipe or a device is never opened: it may not come to an end. */
async function sizeOf(path: string): Promise<number> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  if (stats.isFile()) return stats.size
  const what = stats.isDirectory() ? 'a directory' : 'no regular file'
  throw new OrchError('FILE_NOT_FOUND', `Cannot attach "${path}": it is ${what}`, {
    hint: 'Attach the files one by one',
  })
}

function unreadable(path: string, cause: unknown): OrchError {
  const error = fileError(cause, `Cannot attach "${path}": the file is not readable`, 'FILE_NOT_FOUND')
  if (error.code !== 'FILE_NOT_FOUND') return error
  return new OrchError('FILE_NOT_FOUND', error.message, { hint: 'Check the path of the file', cause })
}

function tooLarge(path: string, bytes: number): OrchError {
  const limit = `the files of a message may hold ${LARGEST_ATTACHMENTS} bytes together`
  return new OrchError('USAGE', `Cannot attach "${path}": with it there are ${bytes} bytes; ${limit}`, {
    hint: READS_IT_ITSELF,
  })
}

function mimeOf(path: string, content: Buffer): string {
  const start = content.toString('latin1', 0, 16)
  const known = SIGNATURES.find(([, at, bytes]) => start.startsWith(bytes, at))
  if (known !== undefined) return known[0]
  if (isText(content)) return 'text/plain'
  const state = 'it is neither UTF-8 text nor a PNG, JPEG, GIF, WebP or PDF file'
  throw new OrchError('UNSUPPORTED', `Cannot attach "${path}": ${state}`, { hint: READS_IT_ITSELF })
}

function isText(content: Buffer): boolean {
  try {
    return !new TextDecoder('utf-8', { fatal: true }).decode(content).includes('\0')
  } catch {
    return false
  }
}
