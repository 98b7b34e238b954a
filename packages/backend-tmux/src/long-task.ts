import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { CreateRequest } from '@orch/core'
import { ARGUMENT_BYTES } from './options.ts'
import type { LaunchSpec } from './programs/program.ts'

/**
 * The request with a prompt that fits into one argument: a longer one becomes the words to read its file, where the workspace
 * holds exactly that text. Any other request is left as it is.
 */
export function withPointer({ promptBy }: LaunchSpec, request: CreateRequest): CreateRequest {
  const bytes = Buffer.byteLength(request.prompt)
  if (promptBy !== 'argument' || bytes <= ARGUMENT_BYTES) return request
  const file = join(request.workspace, 'SPAWN_CONTEXT.md')
  const info = statSync(file, { throwIfNoEntry: false })
  if (info?.isFile() !== true || info.size !== bytes) return request
  const prompt = `Your task is too long to be given to you at once. The whole of it, ${bytes} bytes, is the text of the file

${file}

Read that file to its end before you do anything else, in several parts where you have to, then do what it says.
`
  return { ...request, prompt }
}
