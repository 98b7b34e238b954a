import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Agent, StatusDocument } from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import { processesWithEnvironment } from '../../harness/processes.ts'
import type { Ledger } from './ledger.ts'
import { lostWork } from './worktree-acts.ts'
import type { World } from './world.ts'
import { wrongWorktrees } from './wrong-worktrees.ts'

/** A record's file, read without orch. */
export interface RecordFile {
  id: string
  folder: 'agents' | 'ended'
  lifecycle: string
  /** Whether its task stood in its workspace at some time, for anybody to start it. */
  wasQueued: boolean
  /** Whether its last event closed it. */
  closed: boolean
  worktree: { path: string; readyAt: string | null } | undefined
}

/**
 * Waits until recovery has come to an end with every agent and no turn runs: a delivery may be in flight for 10 s. One
 * whose end was cut off before it had its task is given none any more.
 */
async function quiescence({ place }: World): Promise<StatusDocument> {
  return eventually(
    async () => {
      const status = await place.json<StatusDocument>('status', '--all-projects')
      const open = status.agents.filter(
        ({ state, lifecycle, reason }) =>
          (['starting', 'queued'].includes(state) && reason.code !== 'ENDING') ||
          state === 'working' ||
          lifecycle === 'spawning',
      )
      const shown = open.map(({ id, state, lifecycle, reason }) => `${id} ${lifecycle} ${state} ${reason.code}`)
      if (shown.length > 0) throw new Error(shown.join(', '))
      return status
    },
    { timeoutMs: 40_000, intervalMs: 250, what: 'the end of every spawn and turn' },
  )
}

/**
 * Enumerates the whole system, mostly without orch: records, workspaces, windows or sessions, processes, messages.
 * Resolves to a sentence for each thing that must not be. What `status` lists as an orphan counts as listed.
 */
export async function violationsIn(world: World, ledger: Ledger): Promise<string[]> {
  const { place } = world
  const status = await quiescence(world)
  const [records, tagged, processes] = await Promise.all([
    readRecords(place.state),
    world.tagged(),
    processesWithEnvironment('ORCH_AGENT_ID'),
  ])
  const own = processes.filter(({ environment }) => environment.ORCH_PROJECT === place.project)
  const open = records.filter(({ folder }) => folder === 'agents').map(({ id }) => id)
  const listed = status.agents.map(({ id }) => id)
  const orphans = status.orphans.map(({ id }) => id)
  const alive = tagged.filter(({ ended }) => !ended).map(({ id }) => id)
  const runs = [...alive, ...own.flatMap(({ environment }) => environment.ORCH_AGENT_ID ?? [])]
  const workspaces = await readdir(join(place.project, '.orch', 'workspace')).catch((): string[] => [])
  return [
    ...(status.complete
      ? []
      : [`status could not look at everything: ${JSON.stringify([status.backends, status.warnings])}`]),
    ...different('records', open, 'agents in status', listed),
    ...records.flatMap(({ id, folder, lifecycle, closed }) =>
      folder === 'agents' && closed ? [`the record of ${id} is ${lifecycle} and was not put away`] : [],
    ),
    ...without(unique(runs), [...listed, ...orphans]).map((id) => `status does not list ${id}, which runs`),
    ...twice(tagged.map(({ id }) => id)).map((id) => `${id} is there twice`),
    ...twice(records.map(({ id }) => id)).map((id) => `${id} has two records`),
    ...status.agents.flatMap((agent) => wrongAgent(agent, runs)),
    ...without(
      workspaces,
      records.map(({ id }) => id),
    ).map((id) => `the workspace ${id} is of no agent`),
    ...records.flatMap((record) => lostOne(record, status.agents)),
    ...ledger.spawns.flatMap((spawn) => wrongSpawn(spawn, records, status.agents)),
    ...ledger.ended.flatMap((id) => wrongEnd(ledger, id, records, runs)),
    ...(await wrongMessages(world, ledger, records)),
    ...(await wrongWorktrees(place, records, status.agents)),
    ...(await lostWork(place, ledger)),
  ]
}

function wrongAgent({ id, state, reason }: Agent, runs: readonly string[]): string[] {
  const says = `${id} is ${state} (${reason.code})`
  if (state === 'unknown') return [`${says}: nobody can tell`]
  if (state === 'failed' && reason.code === 'SPAWN_DIED') return runs.includes(id) ? [`${says} and runs`] : []
  const isNotMade = state === 'queued' && reason.code === 'ENDING'
  const hasEnded = ['exited', 'done', 'lost', 'failed'].includes(state)
  return hasEnded || isNotMade || runs.includes(id) ? [] : [`${says} and is not there`]
}

function wrongSpawn(
  { name, must }: Ledger['spawns'][number],
  records: readonly RecordFile[],
  agents: readonly Agent[],
): string[] {
  const own = records.filter(({ id }) => id.startsWith(`${name}-`) && id.length === name.length + 5)
  const made = own.filter(({ closed, lifecycle }) => !closed || lifecycle !== 'failed')
  if (made.length > 1) return [`${name} was spawned ${made.length} times: ${made.map(({ id }) => id).join(', ')}`]
  if (!must) return []
  if (made[0] === undefined) return [`${name} was never spawned`]
  const agent = agents.find(({ id }) => id === made[0]?.id)
  return agent?.state === 'failed' ? [`${name} failed: ${agent.reason.text}`] : []
}

/** One that was queued is started, whoever dies over it. */
function lostOne({ id, wasQueued }: RecordFile, agents: readonly Agent[]): string[] {
  const code = agents.find((agent) => agent.id === id)?.reason.code
  return wasQueued && code === 'SPAWN_DIED' ? [`${id} was queued, and lost`] : []
}

function wrongEnd({ cleaned }: Ledger, id: string, records: readonly RecordFile[], runs: readonly string[]): string[] {
  const record = records.find((one) => one.id === id)
  const isForgotten = record === undefined && cleaned.includes(id)
  return [
    ...(record?.folder === 'ended' || isForgotten ? [] : [`${id} was ended, and its record is not closed`]),
    ...(runs.includes(id) ? [`${id} was ended, and it runs`] : []),
  ]
}

async function wrongMessages(world: World, { messages }: Ledger, records: readonly RecordFile[]): Promise<string[]> {
  const texts = new Map<string, string>()
  for (const { id } of records) texts.set(id, await world.received(id))
  const tasks = records.flatMap(({ id }) => {
    const times = count(texts.get(id) ?? '', `You are the agent "${id}"`)
    return times > 1 ? [`${id} got its task ${times} times`] : []
  })
  const sent = messages.flatMap(({ id, text, sure }) => {
    const times = count(texts.get(id) ?? '', text)
    if (times > 1) return [`${id} got "${text}" ${times} times`]
    return sure && times === 0 ? [`${id} never got "${text}", which was delivered`] : []
  })
  return [...tasks, ...sent]
}

/** Reads every record; throws for a line that is no event, or an event that does not follow the one before. */
async function readRecords(state: string): Promise<RecordFile[]> {
  const found: RecordFile[] = []
  for (const folder of ['agents', 'ended'] as const) {
    for (const name of await readdir(join(state, folder))) {
      const id = name.replace(/\.jsonl$/, '')
      const lines = (await readFile(join(state, folder, name), 'utf8')).split('\n').filter((line) => line !== '')
      let record: Partial<Pick<RecordFile, 'id' | 'lifecycle' | 'worktree'>> = {}
      let revision = 0
      let closed = false
      let wasQueued = false
      for (const line of lines) {
        const { base, set, last = false } = JSON.parse(line) as { base: number; set: object; last?: boolean }
        if (base > revision) throw new Error(`Cannot read the record of "${id}": revision ${revision} is missing`)
        if (base < revision) continue
        record = { ...record, ...set }
        revision += 1
        closed = last
        wasQueued ||= record.lifecycle === 'queued'
      }
      if (record.id !== id) throw new Error(`Cannot read the record of "${id}": it is of "${record.id}"`)
      found.push({ id, folder, lifecycle: record.lifecycle ?? '', closed, wasQueued, worktree: record.worktree })
    }
  }
  return found
}

function different(a: string, left: readonly string[], b: string, right: readonly string[]): string[] {
  return [
    ...without(left, right).map((id) => `${id} is among the ${a} and not among the ${b}`),
    ...without(right, left).map((id) => `${id} is among the ${b} and not among the ${a}`),
  ]
}

function without(all: readonly string[], known: readonly string[]): string[] {
  return all.filter((one) => !known.includes(one))
}

function unique(all: readonly string[]): string[] {
  return [...new Set(all)]
}

function twice(all: readonly string[]): string[] {
  return unique(all.filter((one, index) => all.indexOf(one) !== index))
}

function count(text: string, part: string): number {
  return text.split(part).length - 1
}
