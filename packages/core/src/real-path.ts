import { realpathSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'

/** Where a path leads to, without symbolic links; of one that is not there yet, where it would be. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path))
  }
}

/** Whether a path is the folder, or lies in it, whatever links lead there. */
export function isWithin(folder: string, path: string): boolean {
  const [real, inside] = [realPath(folder), realPath(path)]
  return inside === real || inside.startsWith(real.endsWith(sep) ? real : real + sep)
}
