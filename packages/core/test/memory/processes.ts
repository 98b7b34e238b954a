import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

/** Runs TypeScript in a process of its own; resolves with what it printed and how it ended. */
export async function runProcess(
  script: string,
  args: readonly string[],
): Promise<{ readonly stdout: string; readonly code: number | null; readonly signal: string | null }> {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { stdout, code, signal }
}
