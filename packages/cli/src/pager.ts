import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { splitWords } from '@orch/core'

/** As git sets it: what fits the screen is only printed, colours are kept, and the screen stays as it was. */
const LESS = 'FRX'

/**
 * Shows a text in the pager of the user (`GIT_PAGER`, `PAGER`, else less), whose words no shell reads.
 * @returns `false`, and nothing shown, where none is wanted or there
 */
export async function page(text: string, env: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const words = splitWords(env.GIT_PAGER ?? env.PAGER ?? 'less')
  if (text === '' || words === null || words.join(' ') === 'cat') return false
  const [program = '', ...args] = words
  const child = spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'], env: { LESS, LV: '-c', ...env } })
  child.stdin.on('error', () => {})
  try {
    await once(child, 'spawn')
  } catch {
    return false
  }
  child.stdin.end(text)
  await once(child, 'exit')
  return true
}
