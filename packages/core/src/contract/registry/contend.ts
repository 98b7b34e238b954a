import { isOrchError } from '../../errors.ts'
import type { StoredRecord } from '../../registry/record.ts'
import type { Registry } from '../../registry/registry.ts'
import { ContractFailure, checkEqual, checkRejects, settle } from '../check.ts'

const WINS = 5
const MOST_TRIES = 2_000

/** A change that append() said was taken: the revision it was made on, and the one that append() returned. */
export interface Won {
  readonly name: string
  readonly base: number
  readonly returned: number
}

/** Adds names of its own to `answered`, each tried again until it is taken; stops early when the record is closed. */
export async function contend(client: Registry, id: string, prefix: string, wins: number = WINS): Promise<Won[]> {
  const won: Won[] = []
  while (won.length < wins) {
    const name = `${prefix}-${won.length}`
    let base = 0
    const stored = await changeInTheEnd(client, id, (before) => {
      base = before.revision
      const update = { type: 'named', set: { answered: [...before.record.answered, name] } }
      return client.append(id, before.revision, update)
    })
    if (stored === null) return won
    won.push({ name, base, returned: stored.revision })
  }
  return won
}

/** Closes a record that others change meanwhile. */
export async function archiveInTheEnd(client: Registry, id: string): Promise<StoredRecord> {
  const update = { type: 'failed', set: { lifecycle: 'failed' } } as const
  const closed = await changeInTheEnd(client, id, (before) => client.archive(id, before.revision, update))
  if (closed === null) throw new ContractFailure('a record that nobody archived is open')
  return closed
}

/** Reads and changes until no one else was faster; `null` when the record is closed. */
async function changeInTheEnd(
  client: Registry,
  id: string,
  change: (before: StoredRecord) => Promise<StoredRecord>,
): Promise<StoredRecord | null> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const before = await client.get(id)
    if (before === null) throw new ContractFailure('get() returns a record that others change, and returned null')
    if (before.closed) return null
    const outcome = await settle(change(before))
    if ('value' in outcome) return outcome.value
    if (!isOrchError(outcome.error) || outcome.error.code !== 'CONFLICT') throw outcome.error
  }
  throw new ContractFailure('a change under the revision that get() returned is taken in the end')
}

/** Fails unless one of these calls resolved and all others rejected with `CONFLICT`; returns what that one did. */
export async function checkOneWinner(
  outcomes: readonly Awaited<ReturnType<typeof settle<StoredRecord>>>[],
  calls: string,
): Promise<StoredRecord> {
  const won = outcomes.flatMap((outcome) => ('value' in outcome ? [outcome.value] : []))
  checkEqual(won.length, 1, `of several ${calls} exactly one resolves`)
  for (const outcome of outcomes)
    if ('error' in outcome)
      await checkRejects(Promise.reject(outcome.error), ['CONFLICT'], `the other ${calls} reject with CONFLICT`)
  return won[0] as StoredRecord
}
