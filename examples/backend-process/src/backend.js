import { isOrchError, OrchError, sanitize } from '@orch/core'
import { entryFor, GONE, lookAtAll, NO_SUPERVISOR, observationOf } from './observe.js'
import { endGroup } from './processes.js'

/** @typedef {import('@orch/core').AgentRef} AgentRef */
/** @typedef {import('./client.js').Client} Client */
/** @typedef {import('./observe.js').Handle} Handle */

/** The same for every agent: it runs programs, and shows no turns and no requests of them. */
const CAPABILITIES = /** @type {const} */ (['programs'])

/**
 * Translates between orch and the supervisor; does no I/O itself.
 *
 * @param {import('@orch/core').BackendHost} host
 * @param {Client} client
 * @returns {import('@orch/core').Backend}
 */
export function createProcessBackend(host, client) {
  const target = { folder: client.folder }
  const { name, namespace } = host
  const context = { client, namespace, target }
  return {
    name,
    target,
    capabilitiesOf: () => CAPABILITIES,
    async probe(signal) {
      const look = await lookAtAll(client, signal)
      return { ...serverInfo(look), startable: look.failure === null && look.listing === null, checks: [] }
    },
    async create(request, signal) {
      checkTargets(target, [request.target])
      const { program, argv, begun } = commandFor(request)
      const { id, title, directory } = request
      const env = { ...host.env, ...request.env, ...program.env }
      await client.start(signal)
      const { epoch, entry, failure } = await ask(
        context,
        'create',
        { id, namespace, title, directory, argv, env, begun },
        signal,
      )
      if (failure) throw cannotStart(failure.code, id, failure.text)
      const receipt = begun ? receiptOf('accepted', null, `process ${entry.owner.pid} was started with it`) : null
      return { handle: handleOf(epoch, entry), epoch, begun, receipt, program: program.name, model: null }
    },
    begin: (agent, message, signal) => deliver(context, agent, { text: message.text, begin: true }, signal),
    send: (agent, message, signal) => deliver(context, agent, { text: message.text, begin: false }, signal),
    async find(targets, signal) {
      checkTargets(target, targets)
      return foundIn(context, await client.call('list', {}, signal))
    },
    async observe(agents, signal) {
      const look = await lookAtAll(client, signal)
      return {
        observations: agents.map((agent) => observationOf(look, namespace, agent)),
        found: look.failure === null ? foundIn(context, look.listing) : null,
        complete: look.failure === null,
        server: serverInfo(look),
      }
    },
    async read(agent, { last, before, raw }, signal) {
      const entry = entryFor(await client.call('list', {}, signal), namespace, agent)
      const request = { key: entry?.key, last, before: before === null ? null : Number(before) }
      const { lines, first } = (await client.call('read', request, signal)) ?? { lines: null, first: 0 }
      if (lines === null) return { items: [], before: null, gap: GONE }
      const begins = lines[0]?.number ?? first
      return {
        items: lines.map((/** @type {import('./protocol.js').Line} */ line) => itemOf(line, raw)),
        before: begins > first ? `${begins}` : null,
        gap: begins === first && first > 1 ? { code: 'DROPPED', text: 'Older lines were not kept' } : null,
      }
    },
    events: (agents, query, signal) => follow(context, { agents, query }, signal),
    async stop(agent, signal) {
      const handle = /** @type {Handle | null} */ (agent.handle)
      const entry = entryFor(await client.call('list', {}, signal), namespace, agent)
      const owner = entry?.owner ?? handle?.owner
      const proven = owner === undefined || (await endGroup(owner, signal))
      if (entry && proven) await ask(context, 'remove', { key: entry.key }, signal)
      const who = owner ? `process group ${owner.pid}` : 'its process'
      return { proven, evidence: [evidenceOf(proven ? `${who} is not there any more` : `${who} does not end`)] }
    },
    async close() {},
  }
}

/** @typedef {{ client: Client, namespace: string, target: { folder: string } }} Context */

/**
 * A request that needs a supervisor.
 *
 * @param {Context} context
 * @param {string} method
 * @param {object} request
 * @param {AbortSignal} signal
 */
async function ask({ client }, method, request, signal) {
  return (await client.call(method, request, signal)) ?? { failure: NO_SUPERVISOR }
}

/**
 * @param {Context} context
 * @param {AgentRef} agent
 * @param {{ text: string, begin: boolean }} message
 * @param {AbortSignal} signal
 * @returns {Promise<import('@orch/core').Receipt>}
 */
async function deliver(context, agent, message, signal) {
  const entry = entryFor(await context.client.call('list', {}, signal), context.namespace, agent)
  if (!entry) return receiptOf('refused', GONE, 'nothing was sent')
  try {
    const { failure } = await ask(context, 'send', { key: entry.key, ...message }, signal)
    if (failure) return receiptOf('refused', failure, 'nothing was sent')
    return receiptOf('accepted', null, `process ${entry.owner.pid} has it in its standard input`)
  } catch (error) {
    if (!isOrchError(error)) throw error
    return receiptOf('unconfirmed', { code: error.code, text: error.message }, 'it may or may not have arrived')
  }
}

/**
 * @param {Context} context
 * @param {{ agents: readonly AgentRef[], query: import('@orch/core').EventsQuery }} scope
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<import('@orch/core').BackendEvent>}
 */
async function* follow({ client, namespace }, { agents, query }, signal) {
  const keys = new Map(agents.map((agent) => [/** @type {Handle | null} */ (agent.handle)?.key, agent.id]))
  try {
    for await (const told of client.follow(signal)) {
      if (told.type === 'ready') {
        const listing = keys.has(undefined) ? await client.call('list', {}, signal) : null
        for (const agent of agents) keys.set(entryFor(listing, namespace, agent)?.key, agent.id)
        yield told
        continue
      }
      const agent = keys.get(told.key)
      if (agent === undefined) continue
      if (told.type === 'changed') yield { type: 'changed', agent }
      else if (query.content) yield { type: 'item', agent, item: itemOf(told.line, query.raw) }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (signal.aborted) return
  yield { type: 'gap', agent: null, reason: NO_SUPERVISOR }
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

/** @param {import('@orch/core').CreateRequest} request */
function commandFor({ id, program, programName, prompt }) {
  if (program === null)
    throw new OrchError(
      'PROGRAM_UNKNOWN',
      `Cannot start agent "${id}": no program "${programName ?? ''}" is configured`,
      {
        hint: 'Name one of "programs" in the configuration with --program',
      },
    )
  const { name, command, args, promptBy } = program
  if (command === null) throw cannotStart('CREATE_FAILED', id, `program "${name}" is configured without a command`)
  const argv = [command, ...args, ...(promptBy === 'argument' ? [prompt] : [])]
  if (argv.some((argument) => argument.includes('\0') || Buffer.from(argument).toString() !== argument))
    throw cannotStart('CREATE_FAILED', id, 'a NUL or half a character cannot be an argument')
  return { program, argv, begun: promptBy === 'argument' || promptBy === 'none' }
}

/** @param {string} code @param {string} id @param {string} state */
function cannotStart(code, id, state) {
  const known = /** @type {import('@orch/core').OrchErrorCode} */ (code === 'AGENT_EXISTS' ? code : 'CREATE_FAILED')
  return new OrchError(known, `Cannot start agent "${id}": ${state}`, { hint: `Run "orch check ${id}"` })
}

/** @param {import('@orch/core').JsonValue} own @param {readonly import('@orch/core').JsonValue[]} targets */
function checkTargets(own, targets) {
  const other = targets.find((target) => JSON.stringify(target) !== JSON.stringify(own))
  if (other === undefined) return
  throw new OrchError(
    'BACKEND_UNREACHABLE',
    `Cannot use target ${JSON.stringify(other)}: it is of another user or state directory`,
    {
      hint: 'Set XDG_STATE_HOME to the state directory that it names',
    },
  )
}

/** @param {Context} context @param {import('./protocol.js').Listing | null} listing */
function foundIn({ namespace, target }, listing) {
  const own = listing?.agents.filter((entry) => entry.namespace === namespace) ?? []
  return own.map((entry) => ({
    id: entry.id,
    target,
    handle: handleOf(listing?.epoch ?? '', entry),
    begun: /** @type {'yes' | 'no'} */ (entry.begun ? 'yes' : 'no'),
    detail: `process ${entry.owner.pid}: ${entry.title}`,
  }))
}

/** @param {string} epoch @param {import('./protocol.js').Entry} entry */
function handleOf(epoch, { key, owner }) {
  return { key, epoch, owner: { ...owner } }
}

/** @param {import('./observe.js').Look} look @returns {import('@orch/core').ServerInfo} */
function serverInfo({ listing, failure }) {
  if (listing) return { ok: true, version: null, epoch: listing.epoch, error: null }
  return { ok: false, version: null, epoch: null, error: failure ?? NO_SUPERVISOR }
}

/** @param {import('./protocol.js').Line} line @param {boolean} raw @returns {import('@orch/core').Item} */
function itemOf({ number, text }, raw) {
  const none = { role: null, tool: null, truncated: false, final: true, at: null, from: null }
  return { ...none, id: `${number}`, kind: 'screen', text: raw ? text : sanitize(text) }
}

/**
 * @param {import('@orch/core').Delivery} delivery
 * @param {import('@orch/core').Reason | null} reason
 * @param {string} detail
 * @returns {import('@orch/core').Receipt}
 */
function receiptOf(delivery, reason, detail) {
  return { messageId: null, delivery, reason, evidence: [evidenceOf(detail)], at: new Date().toISOString() }
}

/** @param {string} detail @returns {import('@orch/core').Evidence} */
function evidenceOf(detail) {
  return { source: 'process', detail, at: new Date().toISOString() }
}
