import { spawn } from 'node:child_process'
import type { Orch } from '../orchestrator/orch.ts'

/** Whom processes start that were begun here and live. */
const handed = new WeakMap<Orch, Set<string>>()

/**
 * Begins an orch process that starts these agents of a project, and whoever else may start there. Nobody waits for it, and
 * it outlives this process; if it is killed, that leaves what any process leaves that was killed over a start.
 */
export function handOver(orch: Orch, project: string, ids: readonly string[]): void {
  const known = handed.get(orch) ?? new Set()
  handed.set(orch, known)
  const [program, ...words] = orch.command ?? []
  if (program === undefined || ids.every((id) => known.has(id))) return
  const child = spawn(program, [...words, 'status', '--start', '--json', '--project', project], {
    cwd: project,
    env: orch.env,
    stdio: 'ignore',
    detached: true,
  })
  for (const id of ids) known.add(id)
  const forget = (): void => {
    for (const id of ids) known.delete(id)
  }
  child.once('error', forget)
  child.once('exit', forget)
  child.unref()
}
