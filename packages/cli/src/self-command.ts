import { fileURLToPath } from 'node:url'

/**
 * The words that run this very orch from any directory, for agents that report their phase.
 * From sources it goes through tsx, and the sources of the other packages are used as well.
 */
export function selfCommand(): readonly string[] {
  if (!import.meta.url.endsWith('.ts'))
    return [process.execPath, fileURLToPath(new URL('../bin/orch.js', import.meta.url))]
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const tsx = import.meta.resolve('tsx')
  return [process.execPath, '--conditions=@orch/source', `--import=${tsx}`, main]
}
