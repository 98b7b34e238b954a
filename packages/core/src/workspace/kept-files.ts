import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Attachment } from '../agent.ts'
import { readAttachment } from '../attachments.ts'
import { fileError } from '../errors.ts'
import { makePrivateDirectory } from '../private-directory.ts'

/**
 * Copies the files of a message that is delivered later, perhaps by another process, into the workspace of its agent:
 * what they hold now is what is delivered.
 * @param message its id, or `task`
 * @throws OrchError as `readAttachment`; `WORKSPACE_UNWRITABLE`, `PERMISSION_DENIED`, `DISK`
 */
export async function keepFiles(
  workspace: string,
  message: string,
  attachments: readonly Attachment[] = [],
): Promise<void> {
  const contents = await Promise.all(attachments.map(readAttachment))
  try {
    if (contents.length > 0) makePrivateDirectory(folderOf(workspace, message))
    for (const [index, { path }] of keptFiles(workspace, message, attachments).entries())
      writeFileSync(path, contents[index] ?? '', { encoding: 'base64', flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw fileError(cause, `Cannot keep attached files in the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}

/** The same files where {@link keepFiles} put them, under numbers: a name may be too long to be part of another one. */
export function keptFiles(
  workspace: string,
  message: string,
  attachments: readonly Attachment[] = [],
): readonly Attachment[] {
  const folder = folderOf(workspace, message)
  return attachments.map((attachment, index) => ({ ...attachment, path: join(folder, String(index)) }))
}

function folderOf(workspace: string, message: string): string {
  return join(workspace, 'attachments', message)
}
