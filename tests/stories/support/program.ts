import { fileURLToPath } from 'node:url'

/** The end of a command line that spawns the small interactive agent of `programs/agent.mjs`. */
export const interactiveAgent: readonly string[] = ['--program', '--', process.execPath, programFile('agent.mjs')]

/** The absolute path of a file of `programs`. */
export function programFile(name: string): string {
  return fileURLToPath(new URL(`../programs/${name}`, import.meta.url))
}
