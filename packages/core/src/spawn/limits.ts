import { OrchError } from '../errors.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { giveBack, hintForHeld, takeOver } from '../registry/claims.ts'
import { recheck, TIMING } from '../timing.ts'
import { type ClaimedAgent, holderOf } from './claim-agent.ts'

/**
 * Claims an agent that another one starts, if the limits allow one more: they keep a runaway in check. Those of one project
 * do so one after the other, so that many at once do not get past them. What nobody's agent starts is not limited, nor is a
 * key that is held.
 * @throws OrchError `LIMIT_REACHED`; `BUSY` when others took too long
 */
export async function claimWithinLimits(
  orch: Orch,
  { key, signal }: SpawnOptions,
  parent: string | null,
  claim: () => Promise<ClaimedAgent>,
): Promise<ClaimedAgent> {
  if (parent === null || (key !== undefined && (await holderOf(orch, key)) !== null)) return await claim()
  const name = `limits\0${orch.project}`
  const look = (): true | undefined => takeOver(orch.claims, name, null) || undefined
  const taken = await recheck(look, { timeoutMs: TIMING.limitsBusyMs, mostMs: TIMING.askerGoneMs, signal })
  if (!taken)
    throw new OrchError('BUSY', `Cannot start an agent for "${parent}": others are started at the same time`, {
      hint: hintForHeld(orch.claims, name),
      retryable: true,
    })
  try {
    // barrier: limits-claimed
    await assertWithinLimits(orch, parent)
    return await claim()
  } finally {
    giveBack(orch.claims, name)
  }
}

async function assertWithinLimits(orch: Orch, parent: string): Promise<void> {
  const { depth, children, agents } = orch.config.limits
  const generation = await depthBelow(orch, parent, depth)
  if (generation > depth)
    throw reached(
      'depth',
      `Cannot start an agent for "${parent}": it would be ${generation} deep, and at most ${depth} are allowed`,
    )
  const { records } = await orch.registry.list('open')
  const own = records.filter(({ record }) => record.project === orch.project)
  const siblings = own.filter(({ record }) => record.parent === parent).length
  if (siblings >= children)
    throw reached(
      'children',
      `Cannot start an agent for "${parent}": it has ${siblings} open ones, and at most ${children} are allowed`,
    )
  if (own.length >= agents)
    throw reached(
      'agents',
      `Cannot start an agent for "${parent}": the project has ${own.length} open ones, and at most ${agents} are allowed`,
    )
}

/** How many agents stand above a child of `parent`; counting ends beyond `most`, as two records may name each other. */
async function depthBelow(orch: Orch, parent: string, most: number): Promise<number> {
  let generation = 0
  for (let id: string | null = parent; id !== null && generation <= most; generation++)
    id = (await orch.registry.get(id))?.record.parent ?? null
  return generation
}

function reached(limit: 'depth' | 'children' | 'agents', message: string): OrchError {
  return new OrchError('LIMIT_REACHED', message, {
    hint:
      limit === 'depth'
        ? 'Do the work yourself, or raise "limits.depth" in the configuration'
        : `Complete or abandon some of them, or raise "limits.${limit}" in the configuration`,
    retryable: limit !== 'depth',
  })
}
