import { expect } from '@jest/globals'
import type { Agent } from '@orch/core'
import type { Scope } from '../../harness/create-scope.ts'
import { eventually } from '../../harness/eventually.ts'
import type { ScriptedModel } from '../../scripted-model/scripted-model.ts'
import type { Place } from '../../stories/support/place.ts'
import { type AgentProgram, agentPlace, openCodeInTmuxPlace } from './agent-place.ts'

/** What a story does with agents that run one of the real programs, in a place of its own. */
export interface AgentStory {
  readonly model: ScriptedModel
  readonly place: Place
  /** Spawns an agent and resolves to its id. */
  spawn(task: string): Promise<string>
  /** An agent whose first turn has ended. */
  idle(): Promise<string>
  send(id: string, text: string, ...args: readonly string[]): Promise<object>
  /** What `wait` says of an agent, for one of these states. */
  settled(id: string, ...states: readonly string[]): Promise<object>
  /** Resolves to the agent once it is in this state. */
  seen(id: string, state: Agent['state']): Promise<Agent>
  /** Resolves when its model waits at `[[hold: name]]`. */
  holds(name: string): Promise<unknown>
  /** Presses keys in the agent's window, as a person does. */
  press(id: string, ...keys: readonly string[]): Promise<unknown>
  /** What a person sees in the agent's window. */
  screen(id: string): Promise<string>
}

/** Begins a story; its place ends with the scope. */
export async function agentStory(scope: Scope, program: AgentProgram): Promise<AgentStory> {
  const { model, place } = await scope.use(program === 'opencode' ? openCodeInTmuxPlace() : agentPlace())
  const story: AgentStory = {
    model,
    place,
    spawn: (task) => place.spawn(task, '--program', program, '--name', 'agent'),
    async idle() {
      const id = await story.spawn('Begin [[answer: begun]]')
      expect(await story.settled(id, 'idle')).toMatchObject({ code: 0, outcome: 'met' })
      return id
    },
    send: (id, text, ...args) => place.json('send', id, text, ...args),
    settled: (id, ...states) => place.json('wait', id, '--until', states.join(','), '--timeout', '60s'),
    seen: (id, state) =>
      eventually(
        async () => {
          const now = await place.agent(id)
          return now.state === state && now
        },
        { what: `the state "${state}"`, timeoutMs: 30_000 },
      ),
    holds: (name) =>
      eventually(() => model.waiting().includes(name), { what: `the turn that holds "${name}"`, timeoutMs: 30_000 }),
    press: (id, ...keys) => place.tmux.tmux('send-keys', '-t', `orch:=${id}`, ...keys),
    screen: (id) => place.tmux.tmux('capture-pane', '-p', '-t', `orch:=${id}`),
  }
  return story
}
