import type { Item, TailLine } from '@orch/core'
import { wholeLines } from '../../harness/whole-lines.ts'
import type { Place } from './place.ts'

/** The items that `orch tail --json` prints. */
export async function itemsOfTail(place: Place, id: string, ...args: string[]): Promise<Item[]> {
  const run = await place.orch('tail', '--json', id, ...args)
  if (run.code !== 0) throw new Error(`Cannot tail "${id}": exit code ${run.code}, ${run.stderr}`)
  return wholeLines(run.stdout)
    .map((line) => JSON.parse(line) as TailLine)
    .flatMap((line) => (line.type === 'item' ? [line.item] : []))
}

/** The texts of those items. */
export async function textsOfTail(place: Place, id: string, ...args: string[]): Promise<(string | null)[]> {
  return (await itemsOfTail(place, id, ...args)).map(({ text }) => text)
}
