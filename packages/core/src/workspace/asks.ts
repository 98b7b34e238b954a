import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileError } from '../errors.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import { currentOwner, ownerLiveness, type ProcessOwner } from '../process-owner.ts'
import { readRegularFile } from '../regular-file.ts'
import { createFile, replaceFile } from '../replace-file.ts'
import { uniqueId } from '../unique.ts'

/**
 * How an answer reaches an `orch ask` that waits for it: files in the agent's workspace, named after the request. Whoever
 * moves `.answer` away has it, and nobody else: the one who asks to `.taken`, or the one who answers, to send it as a
 * message instead. An agent that may write nothing but its project can ask by it.
 */
type Part = 'asking' | 'answer' | 'taken' | 'received'

/** Who waits. */
interface Asker extends ProcessOwner {
  /** Tells two calls in one process apart. */
  readonly call: string
}

/** The folder that changes when an answer comes. */
export function asksFolder(workspace: string): string {
  return join(workspace, 'asks')
}

/**
 * Says that this call waits for the answer from now on; one that waited before does not any more.
 * @returns what {@link isWaiting} knows it by
 * @throws OrchError `WORKSPACE_UNWRITABLE`, `PERMISSION_DENIED`, `DISK`
 */
export function startWaiting(workspace: string, request: string): string {
  const call = uniqueId()
  try {
    makePrivateDirectory(asksFolder(workspace))
    replaceFile(partOf(workspace, request, 'asking'), JSON.stringify({ ...currentOwner(), call } satisfies Asker))
  } catch (cause) {
    throw fileError(cause, `Cannot write the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
  return call
}

/** Whether it is still this call that waits; nobody else asked for the same since. */
export function isWaiting(workspace: string, request: string, call: string): boolean {
  return askerOf(workspace, request)?.call === call
}

/** Says that this call does not wait any more. */
export function stopWaiting(workspace: string, request: string, call: string): void {
  if (isWaiting(workspace, request, call)) rmSync(partOf(workspace, request, 'asking'), { force: true })
}

/** Whether a living process waits for the answer, or may do so. */
export function isAwaited(workspace: string, request: string): boolean {
  const asker = askerOf(workspace, request)
  return asker !== null && ownerLiveness(asker) !== 'gone'
}

/** Lays an answer ready for who waits, in the place of one that nobody took. */
export function offerAnswer(workspace: string, request: string, text: string): void {
  try {
    replaceFile(partOf(workspace, request, 'answer'), text)
  } catch (cause) {
    throw fileError(cause, `Cannot write the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}

/** Takes the answer; `null` when there is none, or no more. */
export function takeAnswer(workspace: string, request: string): string | null {
  return move(workspace, request, ['answer', 'taken']) ? takenAnswer(workspace, request) : null
}

/** The answer that was taken and is not known to have been printed; `null` for none. */
export function takenAnswer(workspace: string, request: string): string | null {
  return read(partOf(workspace, request, 'taken'))
}

/** Says that whoever asked has the answer, for good: also one that came as a message, of which nothing lies here. */
export function receiveAnswer(workspace: string, request: string): void {
  if (!move(workspace, request, ['taken', 'received'])) markReceived(workspace, request)
  rmSync(partOf(workspace, request, 'asking'), { force: true })
}

function markReceived(workspace: string, request: string): void {
  try {
    makePrivateDirectory(asksFolder(workspace))
    createFile(partOf(workspace, request, 'received'), '')
  } catch (cause) {
    throw fileError(cause, `Cannot write the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}

/** Takes an offered answer back; `false` when there is none any more. */
export function withdrawAnswer(workspace: string, request: string): boolean {
  const scratch = `${partOf(workspace, request, 'answer')}.${uniqueId()}`
  try {
    renameSync(partOf(workspace, request, 'answer'), scratch)
    rmSync(scratch, { force: true })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw fileError(error, `Cannot write the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}

/** Whether one who waited has taken the answer. */
export function isTaken(workspace: string, request: string): boolean {
  return existsSync(partOf(workspace, request, 'taken')) || isReceived(workspace, request)
}

/** Whether one who waited is known to have printed the answer. */
export function isReceived(workspace: string, request: string): boolean {
  return existsSync(partOf(workspace, request, 'received'))
}

function move(workspace: string, request: string, [from, to]: readonly [Part, Part]): boolean {
  try {
    renameSync(partOf(workspace, request, from), partOf(workspace, request, to))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw fileError(error, `Cannot write the workspace "${workspace}"`, 'WORKSPACE_UNWRITABLE')
  }
}

function askerOf(workspace: string, request: string): Asker | null {
  try {
    const asker = JSON.parse(read(partOf(workspace, request, 'asking')) ?? 'null') as Partial<Asker> | null
    return typeof asker?.pid === 'number' ? (asker as Asker) : null
  } catch {
    return null
  }
}

function read(file: string): string | null {
  try {
    return readRegularFile(file)
  } catch {
    return null
  }
}

function partOf(workspace: string, request: string, part: Part): string {
  return join(asksFolder(workspace), `${request}.${part}`)
}
