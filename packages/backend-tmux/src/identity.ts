import type { AgentRef, Found } from '@orch/core'
import { processStat } from './client/processes.ts'
import type { Identity } from './command-line.ts'
import type { Handle, Look, Row, Server } from './parse.ts'
import type { Paths } from './paths.ts'

/** The part of a run's name that says that orch did not start it. */
export const ADOPTED = 'adopted'

/** Whether the program of a run was not started by orch: no wrapper notes its end, no log its output, and it has no marks. */
function isAdopted({ run }: Pick<Handle, 'run'>): boolean {
  return run.includes(`-${ADOPTED}-`)
}

/** The handle of a window, from what tmux lists of it. */
export function handleOf(server: Server, row: Row, paths: Paths): Handle {
  return {
    server: { pid: server.pid, startTime: server.startTime },
    window: row.window,
    pane: row.pane,
    panePid: row.panePid,
    tty: row.tty,
    run: row.run,
    log: `${paths.logs}/${row.run}.log`,
    exit: `${paths.exits}/${row.run}`,
    ...(isAdopted(row) && { started: processStat(row.panePid)?.started ?? 0 }),
    ...(row.program !== '' && { program: row.program, events: `${paths.events}/${row.run}` }),
  }
}

/** What must still be so, in the call that acts. */
export function identityOf(agent: Pick<AgentRef, 'id'>, handle: Handle): Identity {
  return { agent: agent.id, run: handle.run, pane: handle.pane, server: handle.server }
}

/** The rows that carry this registry's tag, by the id of their agent. */
export type TaggedRows = ReadonlyMap<string, readonly Row[]>

/** Finds the rows of this registry in what a look at a server showed. */
export function taggedRows(look: Look, namespace: string): TaggedRows {
  const byAgent = new Map<string, Row[]>()
  for (const row of look.kind === 'server' ? look.rows : []) {
    if (row.run === '' || row.agent === '' || row.namespace !== namespace) continue
    const rows = byAgent.get(row.agent)
    if (rows === undefined) byAgent.set(row.agent, [row])
    else rows.push(row)
  }
  return byAgent
}

/** Which of the rows is this agent's: by its handle, or by its id when it has none. */
export function rowOf(agent: Pick<AgentRef, 'id'>, handle: Handle | null, rows: TaggedRows): Row | undefined {
  return rows.get(agent.id)?.find((row) => handle === null || row.run === handle.run)
}

/** A tagged window, as `find` shows it. */
export function foundOf(look: { readonly server: Server; readonly row: Row }, socket: string, paths: Paths): Found {
  const { server, row } = look
  return {
    id: row.agent,
    target: { socket },
    handle: { ...handleOf(server, row, paths) },
    begun: row.begun === 'yes' || row.begun === 'no' ? row.begun : 'unknown',
    detail: `tmux window ${row.window} on socket ${socket}`,
  }
}
