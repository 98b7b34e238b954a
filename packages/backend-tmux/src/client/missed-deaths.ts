import type { Look } from '../parse.ts'
import { isZombieOf, processStat, signalProcess } from './processes.ts'

/**
 * Whether a pane shows as dead whose end tmux has not taken note of: its process is still a zombie. As a pane closes, tmux has
 * its login record removed by libutempter, which ignores `SIGCHLD` meanwhile: that of the pane itself is lost now and then, and
 * with it how the process ended, and the hook `pane-died`.
 */
export function hasMissedDeath(look: Look): boolean {
  if (look.kind !== 'server') return false
  const { rows, server } = look
  return rows.some((row) => row.dead && row.exit === null && isZombieOf(row.panePid, server.pid))
}

/** Makes a tmux server look which of its processes have ended. */
export function collectDeaths(server: number): void {
  if (processStat(server)?.name.startsWith('tmux') === true) signalProcess(server, 'SIGCHLD')
}
