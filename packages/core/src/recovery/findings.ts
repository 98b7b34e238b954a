import { existsSync } from 'node:fs'
import type { RecoverFinding } from '../documents.ts'
import { isBeingDelivered } from '../orchestrator/being-ended.ts'
import { hasEnded, type Look } from '../orchestrator/look.ts'
import { ownerElsewhere } from '../process-owner.ts'
import type { StoredRecord, WorktreeRecord } from '../registry/record.ts'
import { trashOf } from '../worktree/trash.ts'
import { isAbandonedResume, isAbandonedSpawn } from './abandoned.ts'
import { unseenOwner } from './unseen-owner.ts'

/** What a look at one agent showed of work that a crash or a restart left undone. Pure, but for who still lives. */
export function findingsOf(look: Look, found: ReadonlySet<string>): readonly RecoverFinding[] {
  const { stored } = look
  const { record, damage } = stored
  const { id } = record
  if (damage !== null)
    return [finding('record', id, `its record cannot be trusted: ${damage.text}`, `orch history ${id}`)]
  return [
    ...unfinishedStart(look, found),
    ...queued(stored),
    ...unfinishedEnd(look),
    ...stopped(look),
    ...worktree(stored),
  ]
}

/** A finding that nothing was done about yet. */
export function finding(
  kind: RecoverFinding['kind'],
  id: string | null,
  text: string,
  next: string | null = null,
): RecoverFinding {
  return { kind, id, text, action: null, done: false, next }
}

function unfinishedStart({ stored }: Look, found: ReadonlySet<string>): RecoverFinding[] {
  const { record } = stored
  const { id } = record
  if (isAbandonedResume(stored)) {
    const text = 'the process that started its program again died before it was done'
    return [{ ...finding('resume', id, text), action: 'look for what it made, and go on with that' }]
  }
  if (isAbandonedSpawn(stored)) {
    const text = 'the process that spawned it died before it was done'
    return [
      {
        ...finding('spawn', id, text),
        action: 'look for what it made: adopt it, give it its task, or record that nothing is there',
      },
    ]
  }
  const owner = unseenOwner(record)
  if (owner !== null) {
    const what = record.resuming ? 'starting its program again' : 'spawning it'
    const text = `${ownerElsewhere(owner)}, was ${what}: whether it still is cannot be seen from here`
    return [finding(record.resuming ? 'resume' : 'spawn', id, text, `orch check ${id}`)]
  }
  if (record.lifecycle !== 'failed' || record.handle !== null || !found.has(id)) return []
  return [{ ...finding('spawn', id, 'its spawn counted as failed, and it is there'), action: 'adopt it' }]
}

function queued({ record: { id, queue = [] } }: StoredRecord): RecoverFinding[] {
  const waiting = queue.filter(({ triedAt }) => triedAt === null).length
  const unsure = queue.filter(({ triedAt, failure }) => triedAt !== null && failure === null).length
  const some = (count: number): string => (count === 1 ? '1 message' : `${count} messages`)
  return [
    ...(waiting === 0
      ? []
      : [
          {
            ...finding('queue', id, `${some(waiting)} wait for it to be idle`),
            action: 'give it the oldest one if it is idle',
          },
        ]),
    ...(unsure === 0
      ? []
      : [finding('queue', id, `nobody knows whether ${some(unsure)} arrived; none is sent again`, `orch check ${id}`)]),
  ]
}

function unfinishedEnd({ stored: { record, closed } }: Look): RecoverFinding[] {
  if (closed || isBeingDelivered(record)) return []
  const { id, delivering } = record
  if (delivering) {
    const text = `the process that handed its work over died before its record was closed: some of that may be done`
    return [finding('ending', id, text, `orch complete ${id} --${delivering.how}`)]
  }
  if (record.ending === undefined) return []
  const verb = record.ending === 'completed' ? 'complete' : 'abandon'
  return [finding('ending', id, `it was being ${record.ending}, and its record is still open`, `orch ${verb} ${id}`)]
}

function stopped(look: Look): RecoverFinding[] {
  const { agent, stored } = look
  const { id, state, reason } = agent
  if (stored.record.ending !== undefined || agent.lifecycle !== 'active') return []
  const interrupted = state === 'idle' && reason.code === 'INTERRUPTED'
  if (state !== 'lost' && !interrupted) return []
  const goesOn = !hasEnded(look) || agent.capabilities.includes('resume')
  return [finding('stopped', id, reason.text, goesOn ? `orch resume ${id}` : `orch abandon ${id}`)]
}

function worktree({ record: { id, worktree, lifecycle } }: StoredRecord): RecoverFinding[] {
  const isYetToCome = lifecycle === 'spawning' || lifecycle === 'queued'
  if (worktree === undefined || worktree.readyAt !== null || isYetToCome) return []
  const text = `its worktree "${worktree.path}" may be half made`
  return [finding('worktree', id, text, `orch abandon ${id}, then orch clean ${id}`)]
}

/** What a killed process left of the worktree of an agent that has ended. */
export function leftWorktree({ record: { id, worktree } }: StoredRecord): readonly RecoverFinding[] {
  const state = worktree === undefined ? null : stateOfLeft(worktree)
  if (worktree === undefined || state === null) return []
  return [finding('worktree', id, `it has ended, and its worktree "${worktree.path}" ${state}`, `orch clean ${id}`)]
}

function stateOfLeft({ path, readyAt, delivered }: WorktreeRecord): string | null {
  if (existsSync(trashOf(path))) return 'is half removed'
  if (!existsSync(path)) return null
  if (readyAt === null) return 'may be half made'
  return (delivered?.how ?? 'keep') === 'keep' ? null : 'still stands, though its work was handed over'
}
