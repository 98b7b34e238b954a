import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** What `node` needs to run the TypeScript of this repository in a process of its own, wherever it is started. */
export const SOURCE_ARGUMENTS: readonly string[] = [
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
  '--conditions=@orch/source',
]
