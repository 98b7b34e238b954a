import { isOrchError, NOT_SHOWN, ownerLiveness } from '@orch/core'

/**
 * What one look at the supervisor says of an agent: its entry, that there is none, or why it could not be looked.
 *
 * @typedef {object} Look
 * @property {import('./protocol.js').Listing | null} listing `null`: no supervisor runs
 * @property {import('@orch/core').Reason | null} failure why nothing could be seen
 *
 * @typedef {object} Handle what a record keeps of an agent
 * @property {string} key
 * @property {string} epoch
 * @property {import('@orch/core').ProcessOwner} owner
 */

/** @type {import('@orch/core').Reason} */
export const GONE = { code: 'GONE', text: 'The supervisor does not know the agent' }
/** @type {import('@orch/core').Reason} */
export const NO_SUPERVISOR = { code: 'NO_SUPERVISOR', text: 'No supervisor runs' }

/**
 * One request, however many agents it is for. That it failed is a value, an abort is not.
 *
 * @param {import('./client.js').Client} client
 * @param {AbortSignal} signal
 * @returns {Promise<Look>}
 */
export async function lookAtAll(client, signal) {
  try {
    return { listing: await client.call('list', {}, signal), failure: null }
  } catch (error) {
    if (!isOrchError(error)) throw error
    return { listing: null, failure: { code: error.code, text: error.message } }
  }
}

/**
 * The entry that an agent's handle means, or without one the entry of its id.
 *
 * @param {import('./protocol.js').Listing | null} listing
 * @param {string} namespace
 * @param {import('@orch/core').AgentRef} ref
 */
export function entryFor(listing, namespace, ref) {
  const handle = /** @type {Handle | null} */ (ref.handle)
  const own = listing?.agents.filter((entry) => entry.namespace === namespace && entry.id === ref.id)
  return own?.find((entry) => handle === null || entry.key === handle.key)
}

/**
 * @param {Look} look
 * @param {string} namespace
 * @param {import('@orch/core').AgentRef} ref
 * @returns {import('@orch/core').Observation}
 */
export function observationOf({ listing, failure }, namespace, ref) {
  const at = new Date().toISOString()
  if (failure !== null) return { id: ref.id, at, existence: unknown(failure), ...nothingKnown(failure) }
  const handle = /** @type {Handle | null} */ (ref.handle)
  const entry = entryFor(listing, namespace, ref)
  /** @type {import('@orch/core').Existence} */
  const existence = entry ? 'present' : handle !== null && handle.epoch !== listing?.epoch ? 'lost' : 'gone'
  /** @param {string} detail @returns {import('@orch/core').Evidence} */
  const evidence = (detail) => ({ source: 'process', detail, at })
  const seen = listing === null ? NO_SUPERVISOR.text : `supervisor ${listing.pid} says that it is ${existence}`
  const base = { id: ref.id, at, existence: known(existence, evidence(seen)) }
  if (entry) {
    const { owner, exit } = entry
    const detail = exit ? `process ${owner.pid} ended with ${exit.signal ?? exit.code}` : `process ${owner.pid} runs`
    return {
      ...base,
      ...nothingKnown(NEVER),
      process: known({ alive: exit === null, exit }, evidence(detail)),
      lastActivityAt: known(entry.lastActivityAt, evidence('its last output, message or exit')),
    }
  }
  if (existence === 'gone' || handle === null) return { ...base, ...nothingKnown(GONE) }
  const liveness = ownerLiveness(handle.owner)
  const process = known(
    { alive: liveness === 'alive', exit: null },
    evidence(`process ${handle.owner.pid} is ${liveness}`),
  )
  return { ...base, ...nothingKnown(GONE), ...neverShown(), ...(liveness === 'unknown' ? {} : { process }) }
}

/** @type {import('@orch/core').Reason} */
const NEVER = { code: NOT_SHOWN, text: 'A plain process does not show this' }

/** @param {import('@orch/core').Reason} reason */
function nothingKnown(reason) {
  const field = unknown(reason)
  return { process: field, lastActivityAt: field, ...neverShown() }
}

/** What this backend has no capability for is always said so, also when nothing could be seen. */
function neverShown() {
  const field = unknown(NEVER)
  return { turn: field, requests: field, usage: field }
}

/**
 * @template T
 * @param {T} value
 * @param {import('@orch/core').Evidence} evidence
 */
function known(value, evidence) {
  return { known: /** @type {const} */ (true), value, evidence }
}

/** @param {import('@orch/core').Reason} reason */
function unknown(reason) {
  return { known: /** @type {const} */ (false), reason }
}
