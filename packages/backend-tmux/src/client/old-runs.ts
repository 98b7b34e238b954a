import { closeSync, openSync, rmSync, statSync, utimesSync } from 'node:fs'
import type { Paths } from '../paths.ts'
import { namesIn } from './files.ts'

const DAY_MS = 86_400_000

/**
 * Removes logs and events of runs that ended so many days ago, once a day at most. How they ended, which is what is known of
 * an agent without a window, stays. A run that recorded no end is not known to be over: nothing of it is removed.
 */
export function removeOldRuns(paths: Paths, keepDays: number): void {
  const now = Date.now()
  if (now - (modifiedMs(paths.swept) ?? 0) < DAY_MS) return
  try {
    touch(paths.swept, now)
    remove(paths, (ended) => now - ended > keepDays * DAY_MS)
  } catch {
    // What cannot be removed stays; nobody waits for it to be gone.
  }
}

function remove(paths: Paths, isLongAgo: (ended: number) => boolean): void {
  const isOld = (run: string): boolean => isLongAgo(modifiedMs(`${paths.exits}/${run}`) ?? Number.POSITIVE_INFINITY)
  const old = new Set(namesIn(paths.exits).filter(isOld))
  if (old.size === 0) return
  for (const directory of [paths.logs, paths.events])
    for (const name of namesIn(directory))
      if (old.has(name.split('.')[0] as string)) rmSync(`${directory}/${name}`, { force: true })
}

function modifiedMs(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? null
}

function touch(file: string, now: number): void {
  closeSync(openSync(file, 'a', 0o600))
  utimesSync(file, now / 1000, now / 1000)
}
