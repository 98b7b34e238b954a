import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const scripts = join(import.meta.dirname, '../../scripts')

/** Runs one of the repository's scripts to its end. */
export function runScript(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): { status: number | null; output: string } {
  const run = spawnSync(process.execPath, [join(scripts, name), ...args], { encoding: 'utf8', env })
  return { status: run.status, output: `${run.stdout}${run.stderr}` }
}
