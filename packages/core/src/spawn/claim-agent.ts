import { createAgentId, isAgentId } from '../agent-id.ts'
import { isOrchError, OrchError } from '../errors.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { adviceFor } from '../orchestrator/warnings.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'

/** A record that this process has to spawn (`created`), or one that is there already for the same key. */
export interface ClaimedAgent {
  readonly stored: StoredRecord
  readonly created: boolean
}

/**
 * Claims an id, and with a key the only one for it in this project, by exclusive creation (design §6 step 1).
 * A key whose agent provably failed to be made is free again: its next generation names another id.
 */
export async function claimAgent(
  orch: Orch,
  options: SpawnOptions,
  recordFor: (id: string) => AgentRecord,
): Promise<ClaimedAgent> {
  const slug = slugFrom(options)
  if (options.key?.trim() === '') {
    throw new OrchError('USAGE', 'Cannot spawn an agent: its key is empty', {
      hint: 'Give a key with --key, or leave it out',
    })
  }
  if (options.key === undefined)
    return { stored: await createUnder(orch, () => createAgentId(slug), recordFor), created: true }
  const name = keyClaim(orch, options.key)
  for (;;) {
    const latest = orch.claims.latest(name)
    const held = latest === null ? null : await recordOf(orch, options.key, latest)
    if (held !== null && !isFreed(held)) return { stored: held, created: false }
    if (latest === null) {
      orch.claims.create(name, 1, JSON.stringify(createAgentId(slug)))
      // barrier: key-claimed
      continue
    }
    const id = idIn(latest.content)
    if (held !== null || id === null) {
      orch.claims.create(name, latest.generation + 1, JSON.stringify(createAgentId(slug)))
      // barrier: key-claimed-again
      continue
    }
    const stored = await createOnce(orch, recordFor(id))
    if (stored !== null) return { stored, created: true }
  }
}

/** The agent that has this key in the project; `null` when the key is free. */
export async function holderOf(orch: Orch, key: string): Promise<StoredRecord | null> {
  const latest = orch.claims.latest(keyClaim(orch, key))
  const held = latest === null ? null : await recordOf(orch, key, latest)
  return held !== null && isFreed(held) ? null : held
}

/** Its agent provably failed to be made. */
function isFreed({ closed, record }: StoredRecord): boolean {
  return closed && record.lifecycle === 'failed'
}

/**
 * The record that a claim of a key names. One that the disk damaged names none: then the records say who has the key.
 * @throws OrchError `RECORD_CORRUPT` when one of these that cannot be read may have it
 */
async function recordOf(
  orch: Orch,
  key: string,
  { content, place }: { readonly content: string; readonly place: string },
): Promise<StoredRecord | null> {
  const id = idIn(content)
  if (id !== null) return await orch.registry.get(id)
  const lists = [await orch.registry.list('open'), await orch.registry.list('closed')]
  const own = lists.flatMap(({ records }) => records).filter(({ record }) => record.project === orch.project)
  const held = own.filter((stored) => stored.record.key === key && !isFreed(stored))
  if (held[0] !== undefined) return held[0]
  const [unreadable] = lists.flatMap((list) => list.unreadable)
  if (unreadable === undefined) return null
  throw new OrchError(
    'RECORD_CORRUPT',
    `Cannot tell who has the key ${JSON.stringify(key)}: its claim "${place}" is damaged, and so is a record that may name it`,
    { hint: adviceFor(unreadable) },
  )
}

/** `null` for what is cut: no part of a whole one is JSON. */
function idIn(content: string): string | null {
  try {
    const id = JSON.parse(content) as unknown
    return typeof id === 'string' && isAgentId(id) ? id : null
  } catch {
    return null
  }
}

function keyClaim({ project }: Orch, key: string): string {
  return `key\0${project}\0${key}`
}

async function createUnder(
  orch: Orch,
  nextId: () => string,
  recordFor: (id: string) => AgentRecord,
): Promise<StoredRecord> {
  for (;;) {
    const stored = await createOnce(orch, recordFor(nextId()))
    if (stored !== null) return stored
  }
}

/** `null` when the id is taken. */
async function createOnce(orch: Orch, record: AgentRecord): Promise<StoredRecord | null> {
  try {
    return await orch.registry.create(record)
  } catch (error) {
    if (isOrchError(error) && error.code === 'AGENT_EXISTS') return null
    throw error
  }
}

/**
 * What the id of a new agent is made from.
 * @throws OrchError `USAGE` for a name that cannot be part of an id
 */
export function slugFrom(options: SpawnOptions): string {
  if (options.name === undefined) return options.task
  if (isAgentId(options.name) && options.name.length <= 40) return options.name
  throw new OrchError('USAGE', `Cannot use the name ${JSON.stringify(options.name)}: it cannot be part of an id`, {
    hint: 'Use at most 40 lower-case letters, digits and hyphens',
  })
}
