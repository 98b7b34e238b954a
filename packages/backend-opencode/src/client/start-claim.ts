import { randomUUID } from 'node:crypto'
import { linkSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileError, isOrchError, OrchError, type OrchErrorCode, type ProcessOwner } from '@orch/core'

/**
 * The right to start a server. Claims are numbered; each number is taken once and its file is never removed, so that
 * of any number of processes exactly one starts the next server.
 */
export interface StartClaim {
  readonly generation: number
  readonly owner: ProcessOwner
  /** What the server will listen on and answer to, so that one whose starter died can be found. */
  readonly port: number
  readonly password: string
}

/** A claim of which a power loss left a part: whoever took it, and what that one started, ended then too. */
export interface CutClaim {
  readonly generation: number
  readonly owner: null
}

/** Takes a claim; `false` when another process was first. */
export function takeClaim(folder: string, claim: StartClaim): boolean {
  return createOnce(folder, fileOf(claim.generation), claim)
}

/** The newest claim, or `null` when none was ever taken. */
export function newestClaim(folder: string): StartClaim | CutClaim | null {
  const numbers = readdirSync(folder).flatMap((name) => {
    const number = /^start-(\d+)\.json$/.exec(name)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
  if (numbers.length === 0) return null
  const generation = Math.max(...numbers)
  const claim = parse(readFileSync(join(folder, fileOf(generation)), 'utf8')) as StartClaim | null
  return claim ?? { generation, owner: null }
}

/** Says that the start under this claim is over and why; `null`: its process gave it up, another may try at once. */
export function recordFailure(folder: string, generation: number, error: unknown): void {
  const known = isOrchError(error) ? error : null
  const message = known?.message ?? `Cannot start the OpenCode server: ${String(error)}`
  const failure = { code: known?.code ?? 'INTERNAL', message, hint: known?.hint ?? null }
  createOnce(folder, failureOf(generation), { failure: error === null ? null : failure })
}

/** Why the start under this claim failed; `null` when it did not, or not yet. */
export function readFailure(folder: string, generation: number): { readonly error: OrchError | null } | null {
  let text: string
  try {
    text = readFileSync(join(folder, failureOf(generation)), 'utf8')
  } catch {
    return null
  }
  const { failure } = (parse(text) ?? { failure: null }) as {
    failure: { code: OrchErrorCode; message: string; hint: string | null } | null
  }
  if (failure === null) return { error: null }
  return { error: new OrchError(failure.code, failure.message, { hint: failure.hint ?? undefined }) }
}

/** `null` for what was cut: it was linked whole. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function fileOf(generation: number): string {
  return `start-${generation}.json`
}

function failureOf(generation: number): string {
  return `start-${generation}.failed.json`
}

/** Written aside and linked: the file appears whole or not at all. */
function createOnce(folder: string, name: string, content: object): boolean {
  const draft = join(folder, `${name}.${randomUUID()}`)
  try {
    writeFileSync(draft, JSON.stringify(content), { mode: 0o600, flag: 'wx' })
    linkSync(draft, join(folder, name))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw fileError(error, `Cannot write "${join(folder, name)}"`, 'DISK')
  } finally {
    removeDraft(draft)
  }
}

function removeDraft(path: string): void {
  try {
    unlinkSync(path)
  } catch {}
}
