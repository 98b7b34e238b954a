import { join } from 'node:path'
import { opencode } from '@orch/backend-opencode'
import { openOrch, type StatusDocument, type StoredRecord, spawn } from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import { git } from '../../harness/git-repository.ts'
import { type ScriptedModel, startScriptedModel } from '../../scripted-model/scripted-model.ts'
import { openCodePlace, type Place } from '../../stories/support/place.ts'
import type { Stand } from './bench.ts'
import { quietAgents } from './quiet-agents.ts'
import { type RawServer, rawServer } from './raw-server.ts'
import { type TimedRun, timeProcess } from './timed-process.ts'

/** An agent as its server knows it. */
export interface Session {
  readonly id: string
  readonly sessionId: string
  readonly directory: string
}

/** A place whose agents are sessions of a real OpenCode server that orch started, with the scripted model. */
export interface OpenCodeStand {
  readonly place: Place
  readonly model: ScriptedModel
  readonly sessions: readonly Session[]
  /** The standing of every process that is measured here. */
  readonly options: { readonly env: Record<string, string>; readonly cwd: string }
  /** The server, once there is an agent. */
  server(): Promise<RawServer>
  /** Runs the installed orch to its end. */
  orch(...args: readonly string[]): Promise<TimedRun>
  /** Adds agents with this task, by turns in as many worktrees. */
  add(task: string, count: number, directories: number): Promise<void>
  /** Adds agents like the first one, whose turn must have ended, by turns in as many worktrees, and gives them no turn. */
  addQuiet(count: number, directories: number): Promise<void>
  /** Resolves when `status` shows so many agents in this state. */
  settled(state: 'idle' | 'working', count: number): Promise<void>
  /** POSTs a text to each of these, without orch. */
  prompt(text: string, sessions: readonly Session[]): Promise<void>
  /** Resolves when a session has an answer that it did not have at the last call. */
  turnEnd(session: Session): Promise<void>
  /** The session of an agent, from its record. */
  sessionOf(id: string): Promise<string>
  /** Ends it before the bench does. */
  end(): Promise<void>
}

/** An empty place; the server starts with the first agent. */
export async function openCodeStand(stand: Stand): Promise<OpenCodeStand> {
  const model = await stand.scope.use(startScriptedModel())
  const place = await openCodePlace({ model })
  stand.scope.defer(() => self.end())
  const sessions: Session[] = []
  const answers = new Map<string, string>()
  const options = { env: place.env, cwd: place.project }
  const self: OpenCodeStand = {
    place,
    model,
    sessions,
    options,
    server: () => rawServer(place),
    orch: (...words) => timeProcess(stand.orch.argv(...words), options),
    async add(task, count, directories) {
      stand.progress(`making ${count} OpenCode agents in ${directories} directories`)
      const folders = await worktrees(place, directories)
      const left = Array.from({ length: count }, (_, index) => folders[index % folders.length] as string)
      const addAll = async (): Promise<void> => {
        for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
          stand.signal.throwIfAborted()
          sessions.push(await addAgent(place, folder, task))
        }
      }
      const ends = await Promise.allSettled([addAll(), addAll()])
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    },
    async addQuiet(count, directories) {
      stand.progress(`making ${count} quiet OpenCode agents in ${directories} directories`)
      const [like] = sessions as [Session]
      const [server, folders] = [await rawServer(place), await worktrees(place, directories)]
      sessions.push(...(await quietAgents({ place, server, like, count, directories: folders })))
    },
    async settled(state, count) {
      const isSo = async (): Promise<boolean> => {
        const { counts } = JSON.parse((await self.orch('status', '--json')).stdout) as StatusDocument
        return counts[state] === count
      }
      await eventually(isSo, { timeoutMs: 60_000, intervalMs: 250, what: `${count} agents that are ${state}` })
    },
    async prompt(text, to) {
      const server = await rawServer(place)
      const body = { parts: [{ type: 'text', text }] }
      await Promise.all(
        to.map(({ sessionId, directory }) => server.post(`/session/${sessionId}/prompt_async`, directory, body)),
      )
    },
    async turnEnd(session) {
      const server = await rawServer(place)
      const isNew = async (): Promise<boolean> => {
        const answer = await answerOf(server, session)
        if (answer === null || answer === answers.get(session.sessionId)) return false
        answers.set(session.sessionId, answer)
        return true
      }
      await eventually(isNew, { timeoutMs: 30_000, what: `the answer of "${session.id}"` })
    },
    sessionOf: async (id) => (await handleOf(place, id)).sessionId,
    end: async () => place[Symbol.asyncDispose](),
  }
  return self
}

/** The project itself, or that many worktrees of it. */
async function worktrees(place: Place, count: number): Promise<string[]> {
  if (count === 1) return [place.project]
  const listed = (await git(place.project, 'worktree', 'list', '--porcelain')).match(/^worktree .*$/gm) ?? []
  const folders = Array.from({ length: count }, (_, index) => join(place.project, '..', `worktree-${index}`))
  for (const folder of folders.slice(listed.length - 1))
    await git(place.project, 'worktree', 'add', '-q', '--detach', folder)
  return folders
}

async function addAgent(place: Place, directory: string, task: string): Promise<Session> {
  const orch = await openOrch({ directory, env: place.env, backends: { opencode: opencode() } })
  try {
    const { agent } = await spawn(orch, { task })
    return { id: agent.id, directory, ...(await handleOf(place, agent.id)) }
  } finally {
    await orch.close()
  }
}

async function handleOf({ env, project }: Place, id: string): Promise<{ readonly sessionId: string }> {
  const { registry } = await openOrch({ directory: project, env })
  const { record } = (await registry.get(id)) as StoredRecord
  const { sessionId } = record.handle as { readonly sessionId: string }
  return { sessionId }
}

interface Message {
  readonly info: { readonly id: string; readonly role: string; readonly time: { readonly completed?: number } }
}

/** The id of the newest answer, once it is complete and the session idle. */
async function answerOf(server: RawServer, { sessionId, directory }: Session): Promise<string | null> {
  const statuses = await server.get<Record<string, unknown>>('/session/status', directory)
  const [newest] = await server.get<Message[]>(`/session/${sessionId}/message?limit=1`, directory)
  const isOver = newest?.info.role === 'assistant' && newest.info.time.completed !== undefined
  return isOver && !(sessionId in statuses) ? newest.info.id : null
}
