import { randomUUID } from 'node:crypto'
import { accessSync, constants, readdirSync, readFileSync, type Stats, statSync } from 'node:fs'
import { chmod, lstat, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { delimiter, dirname, isAbsolute, resolve } from 'node:path'
import { type Exit, fileError, makePrivateDirectory, OrchError } from '@orch/core'
import { HOOK_SCRIPT } from '../hooks/hook-script.ts'
import { LOG_SCRIPT } from '../output/log-script.ts'
import { parseExitFile } from '../parse.ts'
import type { Paths } from '../paths.ts'
import { WRAPPER } from '../wrapper.ts'

/**
 * Makes the directories and the scripts unless they are there.
 *
 * @throws OrchError `PERMISSION_DENIED` for a directory that another user owns or may write to; `DISK`; `CREATE_FAILED`.
 */
export async function prepareFiles(paths: Paths): Promise<void> {
  for (const directory of paths.directories) await preparePrivateDirectory(directory)
  await writeOnce(paths.wrapper, WRAPPER)
  await writeOnce(paths.hookScript, HOOK_SCRIPT)
  await writeOnce(paths.logScript, LOG_SCRIPT)
}

/** Writes a file whose name says its content, unless it is there. */
export async function writeOnce(path: string, text: string): Promise<void> {
  if (await exists(path)) return
  const draft = `${path}.${randomUUID()}`
  await writing(path, async () => {
    await writeFile(draft, text, { mode: 0o600 })
    await rename(draft, path)
  })
}

async function preparePrivateDirectory(path: string): Promise<void> {
  await writing(path, async () => makePrivateDirectory(path))
  const info = await lstat(path)
  const mine = info.isDirectory() && info.uid === process.getuid?.()
  if (!mine || (info.mode & 0o022) !== 0) {
    const state = mine ? 'other users may write to it' : 'it is not a directory of this user'
    throw new OrchError('PERMISSION_DENIED', `Cannot use directory "${path}": ${state}`, {
      hint: mine ? `Run "chmod 700 ${path}"` : `Remove "${path}"`,
    })
  }
  if ((info.mode & 0o077) !== 0) await chmod(path, 0o700)
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw fileError(cause, `Cannot create "${path}"`, 'CREATE_FAILED')
  }
}

/** Writes a new 0600 file. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await writing(path, () => writeFile(path, text, { mode: 0o600, flag: 'wx' }))
}

/** Removes files that may or may not be there. */
export async function removeFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true })
}

/** What hooks of a run left that were ended before they were done: pipes for answers, and lines that were not added. */
export async function unfinishedHooks(events: string, run: string): Promise<string[]> {
  const names = await readdir(events).catch(() => [])
  return names
    .filter((name) => name.startsWith(`${run}.`) && /\.(ask|new)$/.test(name))
    .map((name) => `${events}/${name}`)
}

/** Ends the waiting of hooks whose program has ended, and removes what they left. */
export async function releaseHooks(events: string, run: string): Promise<void> {
  const left = await unfinishedHooks(events, run)
  for (const path of left.filter((name) => name.endsWith('.ask'))) {
    const pipe = await open(path, constants.O_RDWR | constants.O_NONBLOCK).catch(() => null)
    await pipe?.close()
  }
  await removeFiles(left)
}

/** Removes start files that nobody read within an hour: they hold an environment. */
export async function removeStaleStarts(directory: string): Promise<void> {
  const hour = 3_600_000
  for (const name of await readdir(directory).catch(() => [])) {
    const path = `${directory}/${name}`
    const info = await stat(path).catch(() => null)
    if (info !== null && Date.now() - info.mtimeMs > hour) await removeFiles([path])
  }
}

/** An exit that a wrapper recorded. */
export interface RecordedExit {
  readonly exit: Exit
  /** ISO 8601. */
  readonly at: string
}

/** Reads the exit files of those runs that have one: one look at each directory, then only files that are there. */
export function readExits(files: readonly string[]): Map<string, RecordedExit> {
  const directories = new Set(files.map(dirname))
  const there = new Set(
    [...directories].flatMap((directory) => namesIn(directory).map((name) => `${directory}/${name}`)),
  )
  const found = new Map<string, RecordedExit>()
  for (const file of files) {
    const recorded = there.has(file) ? readExit(file) : null
    if (recorded !== null) found.set(file, recorded)
  }
  return found
}

/** What a directory holds; `[]` when it cannot be read. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function readExit(file: string): RecordedExit | null {
  try {
    const exit = parseExitFile(readFileSync(file, 'utf8'))
    return exit === null ? null : { exit, at: statSync(file).mtime.toISOString() }
  } catch {
    return null
  }
}

/** When a file was last written to, ISO 8601, or `null`. */
export function modifiedAt(file: string): string | null {
  return statIfThere(file)?.mtime.toISOString() ?? null
}

function statIfThere(file: string): Stats | null {
  try {
    return statSync(file)
  } catch {
    return null
  }
}

/** Whether `path` is a directory. */
export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false
}

/** `false` when there is provably nothing. */
export function isSomethingAt(path: string): boolean {
  try {
    return statSync(path) !== undefined
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}

/** The file that `command` means in this environment and directory, as `execvp` finds it, or `null`. */
export function findProgram(
  command: string,
  env: Readonly<Record<string, string | undefined>>,
  directory: string,
): string | null {
  const places = command.includes('/') ? [''] : (env.PATH ?? '').split(delimiter)
  for (const place of places) {
    const path = isAbsolute(command) ? command : resolve(directory, place, command)
    if (isExecutable(path)) return path
  }
  return null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
