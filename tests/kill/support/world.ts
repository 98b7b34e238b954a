import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Scope } from '../../harness/scope.ts'
import { receivedTexts } from '../../scripted-model/received-texts.ts'
import { startScriptedModel } from '../../scripted-model/scripted-model.ts'
import { managedServer } from '../../stories/support/managed-server.ts'
import { openCodePlace, type Place, tmuxPlace } from '../../stories/support/place.ts'
import { MIX, type Verb, WORKTREE_MIX } from './acts.ts'
import { agentScenarios } from './agent-scenarios.ts'
import { holdRequests } from './hold-requests.ts'
import { holdTmux } from './hold-tmux.ts'
import { startHoldingProxy } from './holding-proxy.ts'
import { OPEN_CODE_SCENARIOS } from './open-code-scenarios.ts'
import { QUEUE_SCENARIOS } from './queue-scenarios.ts'
import { OWN_SCENARIOS, type Scenario } from './scenarios.ts'
import { TMUX_SCENARIOS } from './tmux-scenarios.ts'

/** A window or a session that carries orch's tag. */
export interface Tagged {
  id: string
  /** Whether it was put away: it is kept to be read and does nothing any more. */
  ended: boolean
}

/** A place with one backend, and what the kill tests see of it without orch. */
export interface World {
  place: Place
  /** The end of a command line that spawns an agent which only takes its messages. */
  agent: readonly string[]
  /** The end of a command line whose spawn is refused before anything is made. */
  refused: readonly string[]
  /** Everything there that carries orch's tag, as the server itself lists it. */
  tagged(): Promise<Tagged[]>
  /** Everything that the agent's program, or its model, was ever given, in one text. */
  received(id: string): Promise<string>
  /** Holds what one run of orch asks for, so that it is still under way when that run was killed. */
  hold(what: Held): Promise<Hold>
}

/** Which call is held: the first that `does` this to the agent, or for a new one the first whose text holds `text`. */
export interface Held {
  does: 'create' | 'type' | 'end'
  text: string
  /** The agent, unless it is new. */
  id: string | null
}

/** A call that is, or will be, held. */
export interface Hold {
  /** Variables for the run. */
  env: Record<string, string>
  /** Lets the call go on, and whatever else would have been held. */
  release(): Promise<void>
}

/** A backend and how a world of it is made. */
export interface Backend {
  name: string
  open(scope: Scope): Promise<World>
  /** What is killed at barriers on this backend alone. */
  scenarios: readonly Scenario[]
  /** What is killed at random, each as often as it stands here. */
  mix: readonly Verb[]
  /** Barriers that no command comes to on this backend, or that it has no part in. `@default` none */
  without?: RegExp
}

/** An agent that does not show its turns is never sent anything for when it is idle. */
export const tmuxBackend: Backend = {
  name: 'tmux',
  open: openTmux,
  scenarios: [...OWN_SCENARIOS, ...TMUX_SCENARIOS, ...agentScenarios(), ...QUEUE_SCENARIOS],
  mix: [...MIX, ...WORKTREE_MIX],
  without: /^queue-/,
}

/** A session goes on by itself: there is no program to start again. What the registry does by itself is killed in tmux. */
export const openCodeBackend: Backend = {
  name: 'opencode',
  open: openOpenCode,
  scenarios: OPEN_CODE_SCENARIOS,
  mix: MIX,
  without:
    /^(resume|ask|question|answer|limits|adopt|worktree|clean|verify|start|place|task-queued|record|claim|event|merge|patch|branch|work|delivery)(-|$)/,
}

async function openTmux(scope: Scope): Promise<World> {
  const place = await scope.use(tmuxPlace())
  const program = ['--program', '--', '/bin/sh', '-c', 'exec cat >>"$ORCH_WORKSPACE/received.txt"']
  return {
    place,
    agent: program,
    refused: ['--program', '--', '/nowhere/program'],
    async tagged() {
      const names = await place.tmux.windows()
      return names.filter((name) => name !== 'orch').map((id) => ({ id, ended: false }))
    },
    hold: holdTmux(place),
    received: (id) => readFile(join(place.project, '.orch', 'workspace', id, 'received.txt'), 'utf8').catch(() => ''),
  }
}

async function openOpenCode(scope: Scope): Promise<World> {
  const model = await scope.use(startScriptedModel())
  const place = await scope.use(openCodePlace({ model }))
  await place.json('server', 'start')
  const { url } = await managedServer(place)
  const proxy = await scope.use(startHoldingProxy(url))
  const file = join(place.state, 'opencode', 'server.json')
  await writeFile(file, (await readFile(file, 'utf8')).replace(url, proxy.url))
  return {
    place,
    agent: [],
    refused: ['--model', 'nobody/nothing'],
    async tagged() {
      const sessions = await (await managedServer(place)).sessions()
      return sessions.flatMap(({ metadata, time }) =>
        metadata?.orch === undefined ? [] : [{ id: metadata.orch.id, ended: time.archived !== undefined }],
      )
    },
    hold: holdRequests(place, proxy),
    received: async (id) => receivedTexts(model.requests, `You are the agent "${id}"`).join('\n'),
  }
}
