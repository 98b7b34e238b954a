import { createAgentId, isAgentId } from '../agent-id.ts'
import { isOrchError, OrchError } from '../errors.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
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
    const held = latest === null ? null : await orch.registry.get(latest.content)
    if (held?.closed && held.record.lifecycle === 'failed') {
      orch.claims.create(name, (latest?.generation ?? 0) + 1, createAgentId(slug))
      // barrier: key-claimed-again
    } else if (held !== null) {
      return { stored: held, created: false }
    } else if (latest === null) {
      orch.claims.create(name, 1, createAgentId(slug))
      // barrier: key-claimed
    } else {
      const stored = await createOnce(orch, recordFor(latest.content))
      if (stored !== null) return { stored, created: true }
    }
  }
}

/** The agent that has this key in the project; `null` when the key is free. */
export async function holderOf(orch: Orch, key: string): Promise<StoredRecord | null> {
  const latest = orch.claims.latest(keyClaim(orch, key))
  const held = latest === null ? null : await orch.registry.get(latest.content)
  return held?.closed && held.record.lifecycle === 'failed' ? null : held
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
