import { isDeepStrictEqual } from 'node:util'
import type { AgentRequest, Item } from '../agent.ts'
import type { AgentRef, AnswerResult, Observation } from '../backend.ts'
import type { JsonValue } from '../json.ts'
import type { CaseContext } from './case.ts'
import { check } from './check.ts'

/** More than any case makes. */
export const EVERYTHING = 100_000

/** The ids that `find` shows at the world's target, or at others. */
export async function foundIds(t: CaseContext, targets: readonly JsonValue[] = [t.backend.target]): Promise<string[]> {
  return (await t.backend.find(targets, t.signal)).map(({ id }) => id)
}

/** The agent's existence, or `unknown`. */
export async function existenceOf(t: CaseContext, agent: AgentRef): Promise<string> {
  return wordOf(await t.observe(agent))
}

/** The existence in an observation, or `unknown`. */
export function wordOf(seen: Observation): string {
  return seen.existence.known ? seen.existence.value : 'unknown'
}

/** The first observation that knows whether the agent is there: right after a death it may not be provable yet. */
export function observeOnceKnown(t: CaseContext, agent: AgentRef): Promise<Observation> {
  return t.eventually('it is known whether the agent is there', async () => {
    const seen = await t.observe(agent)
    return seen.existence.known ? seen : undefined
  })
}

/** How often the program received exactly `text`. */
export async function countReceived(t: CaseContext, agent: AgentRef, text: string): Promise<number> {
  return (await t.world.received(agent)).filter((received) => received === text).length
}

/** A page of the transcript. */
export function read(
  t: CaseContext,
  agent: AgentRef,
  last: number = EVERYTHING,
  before: string | null = null,
): Promise<{ readonly items: readonly Item[]; readonly before: string | null }> {
  return t.backend.read(agent, { last, before, raw: false }, t.signal)
}

/** Runs `look` between two equal readings of the whole transcript, again until the transcript held still meanwhile. */
export function whileStill<T>(
  t: CaseContext,
  agent: AgentRef,
  look: () => Promise<T>,
): Promise<{ readonly whole: readonly Item[]; readonly seen: T }> {
  return t.eventually('the transcript holds still during a look', async () => {
    const { items: whole } = await read(t, agent)
    const seen = await look()
    const { items: after } = await read(t, agent)
    return isDeepStrictEqual(whole, after) ? { whole, seen } : undefined
  })
}

/** An agent with a transcript of `exchanges` answers, the last of which has been read. */
export async function converse(t: CaseContext, exchanges: number): Promise<AgentRef> {
  const first = t.world.prompts.answer('reply number 1')
  const agent = await t.spawn(first)
  await t.rest(agent, first)
  for (let number = 2; number <= exchanges; number++) {
    const prompt = t.world.prompts.answer(`reply number ${number}`)
    await t.send(agent, prompt)
    await t.rest(agent, prompt)
  }
  await awaitText(t, agent, `reply number ${exchanges}`)
  return agent
}

/** Waits until a request is open, and returns it. */
export function openRequest(t: CaseContext, agent: AgentRef): Promise<AgentRequest> {
  return t.eventually('a request is open', async () => {
    const { requests } = await t.observe(agent)
    return requests.known ? requests.value[0] : undefined
  })
}

/** Answers a request with its first choice, or where it has none with a text. */
export async function answerTo(
  t: CaseContext,
  agent: AgentRef,
  request: AgentRequest,
  signal: AbortSignal = t.signal,
): Promise<AnswerResult> {
  check(t.backend.answer !== undefined, 'a backend with the capability "requests" has answer()')
  const choice = request.choices[0]?.id ?? null
  const text = choice === null ? 'yes' : null
  return t.backend.answer(agent, { requestId: request.id, choice, text }, signal)
}

async function awaitText(t: CaseContext, agent: AgentRef, text: string): Promise<void> {
  await t.eventually(`the transcript holds "${text}"`, async () => {
    const { items } = await read(t, agent)
    return items.some((item) => item.role !== 'user' && item.text?.includes(text)) ? true : undefined
  })
}
