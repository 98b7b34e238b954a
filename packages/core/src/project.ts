import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { OrchError } from './errors.ts'

/** Where somebody stands. The two differ in a git worktree. */
export interface Place {
  /** The main checkout; outside git the directory itself. Absolute, without symbolic links. */
  readonly project: string
  /** The directory given. Absolute, without symbolic links. */
  readonly directory: string
}

/**
 * Finds the project of a directory by git's common directory, without running git.
 * @param directory @default the current one
 * @throws OrchError `PROJECT_NOT_FOUND` when the directory is not there.
 */
export function findProject(directory: string = currentDirectory()): Place {
  const real = realDirectory(directory)
  for (let folder = real; ; folder = dirname(folder)) {
    const project = projectAt(folder)
    if (project !== null) return { project, directory: real }
    if (dirname(folder) === folder) return { project: nearestConfigured(real), directory: real }
  }
}

function currentDirectory(): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new OrchError('PROJECT_NOT_FOUND', 'Cannot use the current directory: it is not there any more', {
      hint: 'Change to an existing directory, or name one with --project',
      cause,
    })
  }
}

function realDirectory(directory: string): string {
  try {
    const real = realpathSync(directory)
    if (statSync(real).isDirectory()) return real
  } catch {
    // Said below, together with "is not a directory".
  }
  throw new OrchError(
    'PROJECT_NOT_FOUND',
    `Cannot use the directory "${directory}": it is not there, or is no directory`,
    {
      hint: 'Name an existing directory with --project',
    },
  )
}

/** The main checkout for a folder that holds `.git`, else `null`. */
function projectAt(folder: string): string | null {
  const git = join(folder, '.git')
  try {
    if (statSync(git).isDirectory()) return folder
    const gitDir = resolve(folder, /^gitdir: (.*)$/m.exec(readFileSync(git, 'utf8'))?.[1]?.trim() ?? '.')
    const common = resolve(gitDir, readFileSync(join(gitDir, 'commondir'), 'utf8').trim())
    return basename(common) === '.git' ? realpathSync(dirname(common)) : folder
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).path
    return missing === undefined || missing === git ? null : folder
  }
}

/** Outside git a folder with an `.orch` of its own is the project of everything below it. */
function nearestConfigured(directory: string): string {
  for (let folder = directory; dirname(folder) !== folder; folder = dirname(folder)) {
    try {
      if (statSync(join(folder, '.orch')).isDirectory()) return folder
    } catch {
      // Not here: look one level up.
    }
  }
  return directory
}
