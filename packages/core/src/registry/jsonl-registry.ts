import {
  accessSync,
  closeSync,
  constants,
  type Dirent,
  fdatasyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { isAgentId } from '../agent-id.ts'
import { fileError, OrchError } from '../errors.ts'
import { makePrivateDirectory } from '../private-directory.ts'
import { readRegularFile, writeOnce } from '../regular-file.ts'
import { uniqueId } from '../unique.ts'
import { watchDirectories } from '../watch-directories.ts'
import {
  type Actor,
  type AgentRecord,
  type FoldedRecord,
  foldRecord,
  type RecordEvent,
  type StoredRecord,
} from './record.ts'
import type { RecordList, RecordUpdate, Registry, UnreadableRecord } from './registry.ts'

const SUFFIX = '.jsonl'

/**
 * Where a record is looked for, in this order. One that moves meanwhile is found; and a closed one hides an open file
 * that was made in the instant it moved, and that its maker removes again.
 */
const LOOKS = ['closed', 'open', 'closed'] as const

/** Where the embedded registry below `directory` has the record of an agent that was closed. */
export function closedRecordFile(directory: string, id: string): string {
  return join(directory, 'ended', `${id}${SUFFIX}`)
}

/**
 * The embedded registry: one append-only JSONL file per agent below `directory`, safe for any number of processes.
 * @param actor who writes; asked at each change. @default changes do not say who made them
 */
export function createJsonlRegistry(directory: string, actor?: () => Actor): Registry {
  const places = {
    open: join(directory, 'agents'),
    closed: join(directory, 'ended'),
    scratch: join(directory, 'scratch'),
  }
  try {
    for (const place of Object.values(places)) makePrivateDirectory(place)
  } catch (cause) {
    throw fileError(cause, `Cannot use the state directory "${directory}": it cannot be made`, 'DISK')
  }
  const fileOf = (which: 'open' | 'closed', id: string): string => {
    if (!isAgentId(id)) throw new RangeError(`Not an agent id: ${JSON.stringify(id)}`)
    return `${places[which]}/${id}${SUFFIX}`
  }
  const ids = (which: 'open' | 'closed'): readonly string[] => readIds(places[which])

  const read = (id: string): FoldedRecord | null => {
    if (!isAgentId(id)) return null
    for (const which of LOOKS) {
      const file = fileOf(which, id)
      const text = readIfThere(file)
      if (text !== null) return foldOrThrow(id, file, text, which === 'closed')
    }
    for (const place of [places.open, places.closed]) assertThere(place)
    return null
  }
  const get = (id: string): StoredRecord | null => read(id)?.stored ?? null
  const by = (): { readonly by?: Actor } => (actor === undefined ? {} : { by: actor() })

  const write = (id: string, revision: number, change: RecordUpdate & { readonly last?: true }): StoredRecord => {
    const { mayBeLost = false, ...update } = change
    const file = fileOf('open', id)
    const before = get(id)
    if (before === null || before.closed || before.revision !== revision) throw conflict(id)
    const uid = uniqueId()
    appendLine(id, file, { v: 1, uid, base: revision, at: new Date().toISOString(), ...update, ...by() }, mayBeLost)
    // barrier: event-written
    for (const which of LOOKS) {
      const folded = foldRecord(readIfThere(fileOf(which, id)) ?? '', which === 'closed')
      if (folded?.events.some((event) => event.uid === uid)) return folded.stored
    }
    throw conflict(id)
  }

  /** Ends what a process that was killed in the middle of it began; `false` when it cannot be done now. */
  const putAway = (id: string): boolean => {
    try {
      moveAway(fileOf('open', id), fileOf('closed', id))
      return true
    } catch {
      return false
    }
  }

  return {
    create: async (record) => {
      if (readIfThere(fileOf('closed', record.id)) !== null) throw exists(record.id)
      const event: RecordEvent = {
        v: 1,
        uid: uniqueId(),
        base: 0,
        at: record.spawnedAt,
        type: 'created',
        set: record,
        ...by(),
      }
      createWhole(join(places.scratch, event.uid), fileOf('open', record.id), `${JSON.stringify(event)}\n`, record)
      if (readIfThere(fileOf('closed', record.id)) !== null) {
        rmSync(fileOf('open', record.id), { force: true })
        throw exists(record.id)
      }
      return { record, revision: 1, closed: false, skippedLines: [], damage: null }
    },
    get: async (id) => get(id),
    ids: async (which) => ids(which),
    list: async (which) => {
      const list = readAll(which, places[which])
      if (which === 'closed') return list
      const stay = list.records.filter(({ record: { id }, closed }) => !closed || !putAway(id))
      return { ...list, records: stay }
    },
    append: async (id, revision, update) => write(id, revision, update),
    archive: async (id, revision, update) => {
      const stored = write(id, revision, { ...update, last: true })
      // barrier: record-closed
      moveAway(fileOf('open', id), fileOf('closed', id))
      // barrier: record-moved
      return { ...stored, closed: true }
    },
    events: async (id) => read(id)?.events ?? null,
    remove: async (id) => {
      const file = fileOf('closed', id)
      const stored = get(id)
      if (stored === null) return false
      if (!stored.closed) throw conflict(id)
      // barrier: record-removing
      moveAway(fileOf('open', id), file)
      return removeFile(file)
    },
    watch: (signal) => watchIds([places.open, places.closed], signal),
  }
}

function createWhole(scratch: string, file: string, text: string, record: AgentRecord): void {
  try {
    writeWhole(openSync(scratch, 'wx', 0o600), text)
    // barrier: record-drafted
    linkSync(scratch, file)
    // barrier: record-linked
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw exists(record.id)
    throw fileError(cause, `Cannot write the record of "${record.id}"`, 'DISK')
  } finally {
    rmSync(scratch, { force: true })
  }
}

function appendLine(id: string, file: string, event: RecordEvent, mayBeLost: boolean): void {
  let descriptor: number
  try {
    descriptor = openSync(file, constants.O_WRONLY | constants.O_APPEND)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw conflict(id)
    throw fileError(cause, `Cannot write the record of "${id}"`, 'DISK')
  }
  try {
    writeWhole(descriptor, `\n${JSON.stringify(event)}\n`, mayBeLost)
  } catch (cause) {
    throw fileError(cause, `Cannot write the record of "${id}"`, 'DISK')
  }
}

/** One write, synced unless it may be lost: a disk takes milliseconds for that. */
function writeWhole(descriptor: number, text: string, mayBeLost = false): void {
  try {
    writeOnce(descriptor, text)
    if (!mayBeLost) fdatasyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function moveAway(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT')
      throw fileError(cause, `Cannot close the record "${from}"`, 'DISK')
  }
}

function removeFile(file: string): boolean {
  try {
    unlinkSync(file)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw fileError(cause, `Cannot remove the record "${file}"`, 'DISK')
  }
}

/** A file that the directory lists as a regular one is read at once: only this user writes there. */
function readAll(which: 'open' | 'closed', directory: string): RecordList {
  const records: StoredRecord[] = []
  const unreadable: UnreadableRecord[] = []
  for (const entry of readEntries(directory)) {
    const id = idOf(entry.name)
    if (id === null) continue
    const file = `${directory}/${entry.name}`
    try {
      const text = readIfThere(file, entry.isFile() ? readText : readRegularFile)
      if (text !== null) records.push(foldOrThrow(id, file, text, which === 'closed').stored)
    } catch (error) {
      const { message, code, hint } = error as OrchError
      unreadable.push({ id, place: file, reason: message, code, hint })
    }
  }
  return { records, unreadable }
}

function foldOrThrow(id: string, file: string, text: string, closed: boolean): FoldedRecord {
  const folded = foldRecord(text, closed)
  if (folded?.stored.record.id === id) return folded
  throw new OrchError(
    'RECORD_CORRUPT',
    `Cannot read the record of "${id}": its first line is not an event of this agent`,
    {
      hint: `Look at "${file}"; move it away to forget the agent`,
      agent: id,
    },
  )
}

/** In a directory that went away nothing is there, and that says nothing about a record. */
function assertThere(directory: string): void {
  try {
    accessSync(directory)
  } catch (cause) {
    throw fileError(cause, `Cannot look for a record in "${directory}"`, 'DISK')
  }
}

function readIds(directory: string): string[] {
  return readEntries(directory)
    .map(({ name }) => idOf(name))
    .filter((id) => id !== null)
}

function readEntries(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch (cause) {
    throw fileError(cause, `Cannot list the records in "${directory}"`, 'DISK')
  }
}

/** The id in the name of a record's file. */
function idOf(name: string): string | null {
  const id = name.slice(0, -SUFFIX.length)
  return name.endsWith(SUFFIX) && isAgentId(id) ? id : null
}

const readText = (file: string): string => readFileSync(file, 'utf8')

function readIfThere(file: string, read: (file: string) => string = readRegularFile): string | null {
  try {
    return read(file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw fileError(cause, `Cannot read the record "${file}"`, 'RECORD_CORRUPT')
  }
}

async function* watchIds(directories: readonly string[], signal: AbortSignal): AsyncIterable<string | null> {
  for await (const name of watchDirectories(directories, signal)) {
    if (name === null) yield null
    else if (name.endsWith(SUFFIX)) yield name.slice(0, -SUFFIX.length)
  }
}

function exists(id: string): OrchError {
  return new OrchError('AGENT_EXISTS', `Cannot create the record of "${id}": there is one already`, { agent: id })
}

function conflict(id: string): OrchError {
  return new OrchError('CONFLICT', `Cannot change the record of "${id}": another process changed it meanwhile`, {
    hint: 'Run the same command again',
    agent: id,
    retryable: true,
  })
}
