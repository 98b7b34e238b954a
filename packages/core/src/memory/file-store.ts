import { randomUUID } from 'node:crypto'
import {
  type FSWatcher,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { EMPTY_SERVER, type ServerState } from './state.ts'
import type { MemoryStore } from './store.ts'

const GENERATION = /^state-(\d+)\.json$/

/**
 * A store that several processes share: one file for each generation of the state, made by linking a finished file to
 * the next number, which only one process can do. Old generations are emptied and their names stay taken, so a
 * slow writer can never bring an old number back. A process may be killed at any instant; a power loss may lose changes.
 */
export function createFileStore(directory: string): MemoryStore {
  return {
    name: directory,
    read: () => readNewest(directory).state,
    change(change) {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      for (;;) {
        const { generation, state } = readNewest(directory)
        const result = change(state)
        if (publish(directory, generation + 1, state)) return result
      }
    },
    watch(onChange) {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      const watcher: FSWatcher = watch(directory, () => onChange())
      return () => watcher.close()
    },
  }
}

function readNewest(directory: string): { generation: number; state: ServerState } {
  for (;;) {
    const generation = newestGeneration(directory)
    if (generation === 0) return { generation, state: structuredClone(EMPTY_SERVER) }
    const text = readFileSync(fileOf(directory, generation), 'utf8')
    if (text !== '') return { generation, state: JSON.parse(text) as ServerState }
  }
}

function newestGeneration(directory: string): number {
  let newest = 0
  for (const name of namesIn(directory)) {
    newest = Math.max(newest, Number(GENERATION.exec(name)?.[1] ?? 0))
  }
  return newest
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function publish(directory: string, generation: number, state: ServerState): boolean {
  const draft = join(directory, `draft-${randomUUID()}`)
  writeFileSync(draft, JSON.stringify(state), { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, fileOf(directory, generation))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft)
  }
  if (generation > 1) truncateSync(fileOf(directory, generation - 1))
  return true
}

function fileOf(directory: string, generation: number): string {
  return join(directory, `state-${generation}.json`)
}
