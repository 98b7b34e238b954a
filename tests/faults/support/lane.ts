import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Agent, State } from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import { type OrchRun, startOrch } from '../../harness/orch.ts'
import type { Scope } from '../../harness/scope.ts'
import { type OpenCodeServer, startOpenCode } from '../../harness/start-open-code.ts'
import { type CountingProxy, startProxy } from '../../harness/start-proxy.ts'
import { receivedTexts } from '../../scripted-model/received-texts.ts'
import { type ScriptedModel, startScriptedModel } from '../../scripted-model/scripted-model.ts'
import type { ListedSession } from '../../stories/support/managed-server.ts'
import { type Place, tmuxPlace } from '../../stories/support/place.ts'

/** One request to the server, in milliseconds: while an answer never comes, and else. */
const HASTY_MS = 2_500
const PATIENT_MS = 60_000

/** A command that has not ended by then hangs and is killed, in milliseconds. */
const HANGS_MS = 45_000

/** A real server that can be killed and started again where it was. */
export interface Target {
  model: ScriptedModel
  server(): OpenCodeServer
  /** Starts the server again, with its data and at its address; it was killed. */
  startAgain(): Promise<void>
}

/** A place whose OpenCode server stands behind a proxy: one command at a time is run in it. */
export interface Lane {
  place: Place
  proxy: CountingProxy
  target: Target
  /** An agent whose only turn has ended: it said "reader". */
  reader: string
  /** An agent that takes messages. */
  listener: string
  /** Everything that was sent, for a look at the end. */
  sent: { id: string; text: string; sure: boolean }[]
  /** Runs orch and kills it when it hangs; with short deadlines where an answer never comes. */
  run(
    args: readonly string[],
    options: { hasty: boolean; until?: ((stdout: string) => boolean) | undefined },
  ): Promise<OrchRun>
  /** The agent in `status`, ended ones too. */
  agent(id: string): Promise<Agent>
  /** What the model got of one agent, in one text. */
  received(id: string): string
  /** Sessions on the server whose agent has a name of this beginning, those put away too. */
  sessions(name: string): Promise<ListedSession[]>
}

/** A server with the scripted model. */
export async function openTarget(scope: Scope): Promise<Target> {
  const model = await scope.use(startScriptedModel())
  let server = await scope.use(startOpenCode({ model }))
  const { environment, password } = server
  return {
    model,
    server: () => server,
    async startAgain() {
      const port = Number(new URL(server.url).port)
      server = await scope.use(startOpenCode({ model, environment, password, port }))
    },
  }
}

/** Opens a lane on a server that may be shared. */
export async function openLane(scope: Scope, target: Target): Promise<Lane> {
  const { url, password } = target.server()
  const proxy = await scope.use(startProxy({ target: url }))
  const opencode = { ORCH_BACKEND: 'opencode', OPENCODE_URL: proxy.url, OPENCODE_SERVER_PASSWORD: password }
  const place = await scope.use(tmuxPlace(opencode))
  const hastyFolder = join(place.state, '..', 'hasty')
  await writeConfig(hastyFolder, HASTY_MS)
  await writeConfig(place.env.XDG_CONFIG_HOME as string, PATIENT_MS)
  const reader = await place.spawn('Say it [[answer: reader]]', '--name', 'reader')
  const listener = await place.spawn('Listen [[answer: listening]]', '--name', 'listener')
  const lane: Lane = {
    place,
    proxy,
    target,
    reader,
    listener,
    sent: [],
    async run(args, { hasty, until = () => false }) {
      const line = ['--json', '--request-timeout', hasty ? '4s' : '60s', ...args]
      const env = hasty ? { ...place.env, XDG_CONFIG_HOME: hastyFolder } : place.env
      const process = await startOrch(line, { env, cwd: place.project, killAfterMs: HANGS_MS })
      await eventually(() => process.ended() || until(process.stdout()), { timeoutMs: 2 * HANGS_MS })
      process.kill('SIGTERM')
      return process.result()
    },
    async agent(id) {
      const { agents } = await place.json<{ agents: Agent[] }>('status', '--ended')
      const agent = agents.find((one) => one.id === id)
      if (agent) return agent
      throw new Error(`Cannot see the agent "${id}"`)
    },
    received: (id) => receivedTexts(target.model.requests, `You are the agent "${id}"`).join('\n'),
    async sessions(name) {
      const path = '/experimental/session?limit=1000&archived=true'
      const all = await target.server().call<ListedSession[]>('GET', path)
      return all.filter(({ metadata }) => metadata?.orch?.id.startsWith(`${name}-`))
    },
  }
  for (const id of [reader, listener]) await idle(lane, id)
  return lane
}

async function writeConfig(folder: string, requestTimeoutMs: number): Promise<void> {
  await mkdir(join(folder, 'orch'), { recursive: true })
  await writeFile(join(folder, 'orch', 'config.json'), JSON.stringify({ backends: { opencode: { requestTimeoutMs } } }))
}

/** Waits until the agent is in one of these states. */
export async function inState({ place }: Pick<Lane, 'place'>, id: string, ...states: State[]): Promise<void> {
  const { code, stdout, stderr } = await place.orch('wait', id, '--until', states.join(','), '--timeout', '60s')
  if (code !== 0) throw new Error(`Cannot see "${id}" ${states}: ${code} ${stdout}${stderr}`)
}

/** Waits until the agent's turn has ended. */
export function idle(lane: Pick<Lane, 'place'>, id: string): Promise<void> {
  return inState(lane, id, 'idle')
}
