import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { realPath } from '../real-path.ts'

/** Set for everything that makes a worktree: what outlives the process that started it is found by it. */
export const WORKTREE_VARIABLE = 'ORCH_WORKTREE'

/**
 * The processes that work in a folder or were started to make it, by what `/proc` says; none where there is no `/proc`.
 * This process counts too: a folder is not taken away from under it.
 */
export function processesIn(folder: string): readonly number[] {
  const real = realPath(folder)
  const marks = [folder, real].map((one) => `${WORKTREE_VARIABLE}=${one}\0`)
  return entriesOf('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => standsIn(pid, real) || hasOneOf(marks, environmentOf(pid)))
}

function hasOneOf(marks: readonly string[], text: string): boolean {
  return marks.some((mark) => text.includes(mark))
}

function standsIn(pid: number, folder: string): boolean {
  try {
    const directory = readlinkSync(`/proc/${pid}/cwd`)
    return directory === folder || directory.startsWith(`${folder}/`)
  } catch {
    return false
  }
}

function environmentOf(pid: number): string {
  try {
    return `${readFileSync(`/proc/${pid}/environ`, 'latin1')}\0`
  } catch {
    return ''
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
