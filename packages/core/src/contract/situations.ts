import type { Capability } from '../agent.ts'
import type { AgentRef } from '../backend.ts'
import type { CaseContext } from './case.ts'
import { openRequest } from './looks.ts'
import type { ObservedField, Situation } from './world.ts'

/** How the suite brings an agent into a situation, and what every backend must know there. */
interface SituationEntry {
  readonly requires: readonly Capability[]
  /** Fields that `known` must list here. */
  readonly least: readonly ObservedField[]
  enter(t: CaseContext): Promise<AgentRef>
}

/** Every situation. */
export const SITUATIONS: Readonly<Record<Situation, SituationEntry>> = {
  created: { requires: [], least: ['existence'], enter: async (t) => (await t.create()).ref },
  begun: { requires: [], least: ['existence'], enter: begun },
  working: { requires: ['turns'], least: ['existence', 'turn'], enter: working },
  idle: { requires: ['turns'], least: ['existence', 'turn'], enter: begun },
  waiting: { requires: ['requests'], least: ['existence', 'requests'], enter: waiting },
  exited: { requires: ['programs'], least: ['existence', 'process'], enter: (t) => exited(t, 3) },
  stopped: { requires: [], least: ['existence'], enter: stopped },
  killed: { requires: [], least: ['existence'], enter: killed },
}

/** An agent whose program has dealt with its first prompt. */
export async function begun(t: CaseContext): Promise<AgentRef> {
  const prompt = t.world.prompts.answer('ready')
  const agent = await t.spawn(prompt)
  await t.rest(agent, prompt)
  return agent
}

/** An agent in a turn that stays open. */
export async function working(t: CaseContext): Promise<AgentRef> {
  const agent = await t.spawn(t.world.prompts.work('at work'))
  await t.turn(agent, 'running')
  return agent
}

/** An agent with an open request. */
export async function waiting(t: CaseContext): Promise<AgentRef> {
  const agent = await t.spawn(t.world.prompts.ask('May I go on'))
  await openRequest(t, agent)
  return agent
}

/** An agent whose program ended by itself. */
export async function exited(t: CaseContext, code: number): Promise<AgentRef> {
  const agent = await t.spawn(t.world.prompts.exit(code))
  await t.eventually('the process is seen to have ended', async () => {
    const { process } = await t.observe(agent)
    return process.known && !process.value.alive ? true : undefined
  })
  return agent
}

async function stopped(t: CaseContext): Promise<AgentRef> {
  const agent = await begun(t)
  await t.backend.stop(agent, t.signal)
  return agent
}

async function killed(t: CaseContext): Promise<AgentRef> {
  const agent = await begun(t)
  await t.killServer()
  return agent
}
