import { type Attachment, readAttachment } from '@orch/core'
import type { FilePart } from './client/api.ts'

/**
 * The files of a message as parts of a prompt, by content: a server elsewhere cannot read our paths, and a text that is
 * given by path is numbered and shortened.
 * @throws OrchError as `readAttachment`
 */
export async function fileParts(attachments: readonly Attachment[] = []): Promise<FilePart[]> {
  return await Promise.all(attachments.map(filePart))
}

async function filePart(attachment: Attachment): Promise<FilePart> {
  const { mime, name } = attachment
  return { mime, filename: name, url: `data:${mime};base64,${await readAttachment(attachment)}` }
}
