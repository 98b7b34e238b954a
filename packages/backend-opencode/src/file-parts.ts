import { type Attachment, OrchError, readAttachment } from '@orch/core'
import type { FilePart } from './client/api.ts'

/**
 * The files of a message as parts of a prompt, by content: a server elsewhere cannot read our paths, and a text that is
 * given by path is numbered and shortened.
 * @throws OrchError `FILE_NOT_FOUND`, `UNSUPPORTED` for what no model takes: the server would accept it and fail the turn
 */
export async function fileParts(attachments: readonly Attachment[] = []): Promise<FilePart[]> {
  return await Promise.all(attachments.map(filePart))
}

async function filePart(attachment: Attachment): Promise<FilePart> {
  const { mime, name } = attachment
  if (mime === 'application/octet-stream') {
    throw new OrchError('UNSUPPORTED', `Cannot attach "${name}": it is neither text nor an image nor a PDF`, {
      hint: 'Name the file in the message: an agent on this machine reads it itself',
    })
  }
  const content = await readAttachment(attachment)
  return { mime, filename: name, url: `data:${mime};base64,${content.toString('base64')}` }
}
