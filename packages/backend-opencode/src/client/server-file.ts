import { randomUUID } from 'node:crypto'
import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileError, makePrivateDirectory, OrchError, type ProcessOwner } from '@orch/core'
import type { Place } from './place.ts'

/** What is written about the server that orch started; mode 0600, it holds the password. */
export interface ServerRecord {
  readonly url: string
  readonly password: string
  /** The process that serves. */
  readonly process: ProcessOwner
  readonly version: string
  /** OpenCode's data folder: the conversations of this server. */
  readonly dataFolder: string
  /** When it was started, ISO 8601: whatever was written before belongs to an earlier server. */
  readonly startedAt: string
  /** Number of the claim under which it was started. */
  readonly generation: number
  /** What it prints. */
  readonly log: string
}

/** The server's record, or `null` when orch never started one. @throws OrchError `RECORD_CORRUPT` */
export function readServerRecord(folder: string): ServerRecord | null {
  const path = join(folder, 'server.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw fileError(error, `Cannot read "${path}": it is not readable`, 'RECORD_CORRUPT')
  }
  const record = parse(text)
  if (record !== null) return record
  throw new OrchError('RECORD_CORRUPT', `Cannot read "${path}": it is not the record of an OpenCode server`, {
    hint: 'End that server if one runs, then remove this file',
  })
}

/** Replaces the server's record in one step. */
export function writeServerRecord(folder: string, record: ServerRecord): void {
  replaceFile(join(folder, 'server.json'), `${JSON.stringify(record, null, 2)}\n`)
}

/** Replaces a file in one step, which a power loss does not leave cut; mode 0600. */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.${randomUUID()}`
  try {
    const descriptor = openSync(draft, 'wx', 0o600)
    try {
      writeFileSync(descriptor, text)
      fdatasyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, path)
  } catch (error) {
    throw fileError(error, `Cannot write "${path}"`, 'DISK')
  }
}

/** Makes the folder of the server's files; mode 0700. */
export function makeServerFolder(folder: string): void {
  try {
    makePrivateDirectory(folder)
  } catch (error) {
    throw fileError(error, `Cannot make the folder "${folder}"`, 'DISK')
  }
}

/** How to ask the recorded server. */
export function placeOf({ url, password }: Pick<ServerRecord, 'url' | 'password'>): Place {
  return { url, user: 'opencode', password, managed: true }
}

/** Identity of the recorded server's incarnation. */
export function epochOf({ process }: Pick<ServerRecord, 'process'>): string {
  const boot = process.bootId === null ? '' : `${process.bootId.slice(0, 8)}.`
  return `${boot}${process.pid}.${process.startTime ?? '0'}`
}

function parse(text: string): ServerRecord | null {
  try {
    const value = JSON.parse(text) as Partial<ServerRecord> | null
    const texts = [value?.url, value?.password, value?.version, value?.dataFolder, value?.startedAt, value?.log]
    const isWhole = texts.every((field) => typeof field === 'string') && typeof value?.generation === 'number'
    return isWhole && typeof value?.process?.pid === 'number' ? (value as ServerRecord) : null
  } catch {
    return null
  }
}
