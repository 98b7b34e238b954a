import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isOrchError } from '@orch/core'
import { fields } from '../raw.ts'
import type { Api, SessionAddress } from './api.ts'
import { makeServerFolder, replaceFile, type ServerRecord } from './server-file.ts'

const SUFFIX = '.json'

/**
 * Notes that a session has to be put away, for the next server on the same conversations: the server of an agent that
 * is ended may be down, and starting one for that would be more than was asked for.
 */
export function notePutAway(folder: string, { dataFolder }: ServerRecord, at: SessionAddress): void {
  const notes = notesIn(folder)
  makeServerFolder(notes)
  const { sessionId, directory } = at
  replaceFile(join(notes, nameOf(sessionId)), JSON.stringify({ sessionId, directory, dataFolder }))
}

/** Takes a note back. */
export function forgetPutAway(folder: string, sessionId: string): void {
  rmSync(join(notesIn(folder), nameOf(sessionId)), { force: true })
}

/** Puts away what was noted for these conversations. What the server refuses stays noted, and hinders nobody. */
export async function putAwayNoted(folder: string, dataFolder: string, api: Api): Promise<void> {
  const noted = readNotes(notesIn(folder)).filter((note) => note.dataFolder === dataFolder)
  await Promise.all(
    noted.map(async ({ sessionId, directory }) => {
      try {
        await api.archiveSession({ sessionId, directory })
        // barrier: opencode-noted-session-archived
        forgetPutAway(folder, sessionId)
      } catch (error) {
        if (!isOrchError(error)) throw error
      }
    }),
  )
}

interface Note extends SessionAddress {
  readonly dataFolder: string
}

function notesIn(folder: string): string {
  return join(folder, 'put-away')
}

/** The id is the server's word: it never becomes a path as it is. */
function nameOf(sessionId: string): string {
  return `${encodeURIComponent(sessionId)}${SUFFIX}`
}

function readNotes(notes: string): Note[] {
  let names: string[]
  try {
    names = readdirSync(notes)
  } catch {
    return []
  }
  return names.filter((name) => name.endsWith(SUFFIX)).flatMap((name) => readNote(join(notes, name)) ?? [])
}

function readNote(path: string): Note | null {
  try {
    const { sessionId, directory, dataFolder } = fields(JSON.parse(readFileSync(path, 'utf8')))
    const isWhole = [sessionId, directory, dataFolder].every((field) => typeof field === 'string')
    return isWhole ? ({ sessionId, directory, dataFolder } as Note) : null
  } catch {
    return null
  }
}
