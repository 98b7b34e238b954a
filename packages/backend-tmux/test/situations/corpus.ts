import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { NO_REPORT, type State } from '@orch/core'
import type { Situation } from './situation.ts'

/** A situation of the corpus: what one look saw of a real program, and the state that was true then. */
export interface Recorded {
  readonly name: string
  readonly truth: State
  readonly situation: Situation
}

const FOLDER = new URL('./corpus/', import.meta.url)

/** All situations that were recorded. */
export function readCorpus(): Recorded[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
  return names.sort().map((file) => {
    const { truth, sighting, record } = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))
    return { name: file.slice(0, -'.json'.length), truth, situation: { sighting, record, report: NO_REPORT } }
  })
}

/** Keeps a situation; what stands in it was made small and free of this machine before. */
export function writeRecorded({ name, truth, situation: { sighting, record } }: Recorded): void {
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(new URL(`${name}.json`, FOLDER), `${JSON.stringify({ truth, sighting, record }, null, 2)}\n`)
}
