import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { MOST_RESOURCES } from './skill.ts'

/** How deep below a skill its files are looked for. */
const MOST_LEVELS = 5

/**
 * The files beside a `SKILL.md`, relative to its folder and in the order of their names, the nearest first; at most a hundred. Hidden
 * ones, and what links lead to, are not among them.
 */
export function resourcesOf(folder: string): readonly string[] {
  const files: string[] = []
  let level = ['']
  for (let depth = 0; depth < MOST_LEVELS && files.length < MOST_RESOURCES; depth++) {
    const below: string[] = []
    for (const path of level) {
      for (const entry of entriesOf(join(folder, path))) {
        const one = join(path, entry.name)
        if (entry.isDirectory()) below.push(one)
        else if (entry.isFile() && one !== 'SKILL.md') files.push(one)
      }
    }
    level = below
  }
  return files.slice(0, MOST_RESOURCES)
}

/** None for a folder that cannot be looked into; a name of more than one line would not stay one in a context. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return (
      readdirSync(folder, { withFileTypes: true })
        // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what no line may hold
        .filter(({ name }) => !/^\.|^node_modules$|[\0-\x1f\x7f]/.test(name))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    )
  } catch {
    return []
  }
}
