import { closeSync, fsyncSync, lutimesSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Phase } from '../agent.ts'
import { isAgentId } from '../agent-id.ts'
import { fileError, OrchError } from '../errors.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import { appendRegularFile, readRegularFile } from '../regular-file.ts'
import { replaceFile } from '../replace-file.ts'
import { EMPTY_PAGE, PAGE, parseReport, questionId, withPhase } from './report.ts'

const CONTEXT = 'SPAWN_CONTEXT.md'
/** Characters of a phase that is reported by command. */
const MAX_NAME = 80
const MAX_NOTE = 2000

const IGNORED = '# Written by orch: agents work in here\n/.gitignore\n/workspace/\n'

/** The agent's folder, in the main checkout. The id is checked before it becomes part of a path. */
export function workspacePath(project: string, id: string): string {
  if (!isAgentId(id)) throw new RangeError(`Not an agent id: ${JSON.stringify(id)}`)
  return join(project, '.orch', 'workspace', id)
}

/**
 * Makes sure that workspaces can be made in `project`, before anything else is.
 * @throws OrchError `WORKSPACE_UNWRITABLE`, `PERMISSION_DENIED`, `DISK`
 */
export function prepareWorkspaces(project: string): void {
  const root = join(project, '.orch', 'workspace')
  try {
    makePrivateDirectory(root)
    writeIfMissing(join(dirname(root), '.gitignore'), IGNORED)
  } catch (cause) {
    throw fileError(cause, `Cannot write the workspace folder "${root}"`, 'WORKSPACE_UNWRITABLE')
  }
}

/** Writes the agent's folder with its context and an empty page. What is there already stays. */
export function createWorkspace(workspace: string, context: string): void {
  try {
    makePrivateDirectory(workspace)
    writeIfMissing(join(workspace, CONTEXT), context)
    writeIfMissing(join(workspace, PAGE), EMPTY_PAGE)
  } catch (cause) {
    throw fileError(cause, `Cannot write the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}

/** The first message to the agent as it was written at spawn; `null` when its workspace holds none. */
export function readContext(workspace: string): string | null {
  return readOrNull(join(workspace, CONTEXT)) || null
}

/**
 * The same for somebody who needs it; `null` only where it provably is not there any more: its folder stands without it.
 * @throws OrchError `PROJECT_NOT_FOUND` while its folder is away, `PERMISSION_DENIED`, `DISK`
 */
export function requireContext(workspace: string): string | null {
  const file = join(workspace, CONTEXT)
  try {
    return readRegularFile(file) || null
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' && isDirectory(workspace)) return null
    const error = fileError(cause, `Cannot read the task in "${file}"`, 'PROJECT_NOT_FOUND')
    if (error.code !== 'PROJECT_NOT_FOUND') throw error
    throw new OrchError(error.code, error.message, { hint: 'Bring that folder back', cause })
  }
}

/** Makes the first message outlive a power loss: nobody else has it while the agent is queued. */
export function keepContext(workspace: string): void {
  try {
    const descriptor = openSync(join(workspace, CONTEXT), 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch (cause) {
    throw fileError(cause, `Cannot write the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}

/** The agent's own page; `null` when there is none. */
export function readPage(workspace: string): string | null {
  return readOrNull(join(workspace, PAGE))
}

/** Takes back a workspace of a spawn that provably made nothing. */
export function removeWorkspace(workspace: string): void {
  rmSync(workspace, { recursive: true, force: true })
}

/**
 * Adds a phase to the agent's page: as the last `Phase:` line, or in the front matter when that has one.
 * @throws OrchError `AGENT_NOT_FOUND` when there is no such workspace, `USAGE` when it would not read back as a phase
 */
export function writePhase(workspace: string, id: string, name: string, note: string | null): Phase {
  const file = join(workspace, PAGE)
  const line = `${name}${note === null ? '' : ` - ${note}`}`
  if (name.length > MAX_NAME || (note?.length ?? 0) > MAX_NOTE) {
    throw new OrchError('USAGE', `Cannot report a phase of ${line.length} characters: it is too long`, {
      hint: `Keep the name within ${MAX_NAME} characters and the note within ${MAX_NOTE}`,
    })
  }
  const wanted = parseReport(`Phase: ${line}`, '', []).phase
  if (wanted?.name !== name || wanted.note !== note) {
    throw new OrchError('USAGE', `Cannot report the phase ${JSON.stringify(line)}: it would not read back as written`, {
      hint: 'Give a name and a note of one line each, the name without " - " or " | "',
    })
  }
  if (!isDirectory(workspace)) {
    throw new OrchError('AGENT_NOT_FOUND', `Cannot report a phase of "${id}": it has no workspace "${workspace}"`, {
      hint: `Check --id and --project; if both are right, its folder was removed: make "${workspace}" again`,
      agent: id,
    })
  }
  try {
    let before: string
    let after: string
    do {
      before = readIfThere(file) ?? ''
      after = withPhase(before, line)
    } while (!after.startsWith(before) && !replacePage(file, before, after))
    if (after.startsWith(before)) appendRegularFile(file, after.slice(before.length))
    return { name, note, at: showAtRest(file) }
  } catch (cause) {
    throw fileError(cause, `Cannot write the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}

/**
 * Adds a question to the agent's page, unless it stands there.
 * @param text one line without spaces around it
 * @throws OrchError `WORKSPACE_UNWRITABLE`, `PERMISSION_DENIED`, `DISK`
 */
export function writeQuestion(workspace: string, text: string): void {
  const file = join(workspace, PAGE)
  try {
    const before = readIfThere(file) ?? ''
    if (parseReport(before, '', []).requests.some(({ id }) => id === questionId(text))) return
    appendRegularFile(file, `${before === '' || before.endsWith('\n') ? '' : '\n'}QUESTION: ${text}\n`)
    showAtRest(file)
  } catch (cause) {
    throw fileError(cause, `Cannot write the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}

/** Tells readers that nobody is in the middle of writing a page, by a time before its last change; gives that time. */
function showAtRest(file: string): string {
  const at = new Date(Math.floor(statSync(file).mtimeMs) - 1)
  lutimesSync(file, at, at)
  return at.toISOString()
}

/** `false`: the page is not what it was before any more. */
function replacePage(file: string, before: string, after: string): boolean {
  if ((readIfThere(file) ?? '') !== before) return false
  replaceFile(file, after)
  return true
}

function writeIfMissing(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function readIfThere(file: string): string | null {
  try {
    return readRegularFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function readOrNull(file: string): string | null {
  try {
    return readRegularFile(file)
  } catch {
    return null
  }
}
