import { join } from 'node:path'

/**
 * The words that run this very orch from any directory, for agents that report their phase.
 * From sources it goes through tsx, and the sources of the other packages are used as well.
 */
export function selfCommand(): readonly string[] {
  if (!import.meta.filename.endsWith('.ts')) return [process.execPath, join(import.meta.dirname, '../bin/orch.js')]
  const main = join(import.meta.dirname, 'main.ts')
  const tsx = import.meta.resolve('tsx')
  return [process.execPath, '--conditions=@orch/source', `--import=${tsx}`, main]
}
