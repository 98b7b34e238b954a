import { randomUUID } from 'node:crypto'
import type { Receipt } from '../agent.ts'
import type { AgentRef, Attempt, Backend, Message, Observation, Turn } from '../backend.ts'
import { DeadlineError, recheck, withDeadline } from '../timing.ts'
import type { CaseContext, Created } from './case.ts'
import { ContractFailure } from './check.ts'
import type { World } from './world.ts'

/** A {@link CaseContext} and what must be cleaned up after its case. */
export interface TrackedContext {
  readonly context: CaseContext
  readonly made: readonly AgentRef[]
  readonly opened: readonly Backend[]
  /** Whether the case ended its server. */
  serverKilled(): boolean
}

/** Makes the context of one case. */
export function createContext(world: World, signal: AbortSignal, patienceMs: number): TrackedContext {
  const made: AgentRef[] = []
  const opened: Backend[] = []
  const attempts = new Map<string, Attempt[]>()
  const { backend } = world
  let killed = false
  const context: CaseContext = {
    world,
    backend,
    signal,
    can: (capability) => backend.capabilitiesOf(null).includes(capability),
    async open(options) {
      const client = await world.open(options)
      opened.push(client)
      return client
    },
    async create(request = world.request(), client = backend): Promise<Created> {
      const result = await client.create(request, signal)
      const { id, target, directory } = request
      const ref = { id, target, handle: result.handle, directory, facts: null, attempts: [] }
      return { ref: context.adopt(ref), request, result }
    },
    adopt(agent) {
      made.push(agent)
      return agent
    },
    async spawn(prompt, client = backend) {
      const { ref, result } = await context.create(world.request({ prompt }), client)
      if (result.begun) return ref
      const message = context.message(prompt)
      addAttempt(attempts, ref, message)
      failIfRefused(await client.begin(ref, message, signal), 'begin')
      return ref
    },
    message: (text) => ({ id: randomUUID(), text }),
    send(agent, text, client = backend) {
      const message = context.message(text)
      addAttempt(attempts, agent, message)
      return client.send(agent, message, signal)
    },
    observe: (agent, client = backend) => observe(client, agent, { attempts, signal }),
    async killServer() {
      killed = true
      await world.killServer()
    },
    whileFrozen: (what, work) => whileFrozen(world, patienceMs, { what, work }),
    async whileDying(what, work) {
      await world.freezeServer()
      const over = work()
      over.catch(() => {})
      await context.killServer()
      return withinPatience(patienceMs, what, () => over)
    },
    eventually: (what, look) => eventually(what, look, { patienceMs, signal }),
    turn: (agent, status) => awaitTurn(context, agent, status),
    rest: (agent, text) => awaitRest(context, agent, text),
  }
  return { context, made, opened, serverKilled: () => killed }
}

async function observe(
  client: Backend,
  agent: AgentRef,
  scope: { readonly attempts: Map<string, Attempt[]>; readonly signal: AbortSignal },
): Promise<Observation> {
  const open = scope.attempts.get(agent.id) ?? []
  const ref = { ...agent, attempts: [...agent.attempts, ...open] }
  const { observations } = await client.observe([ref], scope.signal)
  const [seen] = observations
  if (observations.length !== 1 || !seen || seen.id !== agent.id)
    throw new ContractFailure('observe() returns one observation for the one agent asked for')
  scope.attempts.set(
    agent.id,
    open.filter((attempt) => !seen.arrived?.includes(attempt.id)),
  )
  return seen
}

async function whileFrozen<T>(
  world: World,
  patienceMs: number,
  { what, work }: { readonly what: string; readonly work: () => Promise<T> },
): Promise<T> {
  await world.freezeServer()
  try {
    return await withinPatience(patienceMs, what, work)
  } finally {
    await world.thawServer()
  }
}

async function withinPatience<T>(patienceMs: number, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline(patienceMs, undefined, work)
  } catch (error) {
    if (error instanceof DeadlineError) throw new ContractFailure(`${what} (nothing within ${patienceMs} ms)`)
    throw error
  }
}

async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  limits: { readonly patienceMs: number; readonly signal: AbortSignal },
): Promise<T> {
  const seen = await recheck(look, { timeoutMs: limits.patienceMs, signal: limits.signal })
  if (seen === undefined) throw new ContractFailure(`never within ${limits.patienceMs} ms: ${what}`)
  return seen
}

function awaitTurn(t: CaseContext, agent: AgentRef, status: Turn['status']): Promise<Turn> {
  return t.eventually(`the turn is "${status}"`, async () => {
    const { turn } = await t.observe(agent)
    return turn.known && turn.value.status === status ? turn.value : undefined
  })
}

async function awaitRest(t: CaseContext, agent: AgentRef, text: string): Promise<void> {
  await t.eventually(`the program received ${JSON.stringify(text.slice(0, 80))}`, async () =>
    (await t.world.received(agent)).includes(text) ? true : undefined,
  )
  if (t.can('turns')) await t.turn(agent, 'ended')
}

function addAttempt(attempts: Map<string, Attempt[]>, agent: AgentRef, message: Message): void {
  const attempt = { id: message.id, at: new Date().toISOString() }
  attempts.set(agent.id, [...(attempts.get(agent.id) ?? []), attempt])
}

function failIfRefused(receipt: Receipt, verb: string): void {
  if (receipt.delivery === 'refused') throw new ContractFailure(`${verb}() was refused: ${receipt.reason?.text}`)
}
