import { isSomethingAt } from './client/files.ts'
import { hasProc, processStat } from './client/processes.ts'
import type { Handle } from './parse.ts'

/**
 * Whether an agent's program has ended. What it showed last stays in its window, and a hook outlives a program that was
 * killed: it would take an answer that nobody acts on.
 */
export function hasEnded({ exit, panePid }: Handle): boolean {
  return isSomethingAt(exit) || (hasProc() && (processStat(panePid)?.state ?? 'Z') === 'Z')
}
