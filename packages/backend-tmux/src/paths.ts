import { createHash } from 'node:crypto'
import type { BackendHost } from '@orch/core'
import { HOOK_SCRIPT } from './hooks/hook-script.ts'
import { LOG_SCRIPT } from './output/log-script.ts'
import { WRAPPER } from './wrapper.ts'

/** The longest socket path used, in bytes: some systems allow 103, Linux 107. */
const SOCKET_BYTES = 100

/** Where one backend keeps its files. All directories are 0700, all files 0600. */
export interface Paths {
  /** The tmux server's socket. */
  readonly socket: string
  /** Directories to make and verify, outermost first. */
  readonly directories: readonly string[]
  /** The wrapper script, named after its content: an older one may still be running. */
  readonly wrapper: string
  /** Output logs, `<run>.log` and later parts; they outlive window and server. */
  readonly logs: string
  /** How runs ended, one file named after the run. */
  readonly exits: string
  /** What programs told by their hooks, one file named after the run. */
  readonly events: string
  /** The script that programs run at their events, named after its content. */
  readonly hookScript: string
  /** The script that writes the logs, beside their directory, named after its content. */
  readonly logScript: string
  /** When it was last looked for runs that ended long ago. */
  readonly swept: string
  /** What a run starts with; the wrapper deletes each file once it has read it. */
  readonly starts: string
}

/**
 * The paths under `host.stateDirectory`. A socket path too long for the system moves to
 * `/tmp/orch-<uid>/<namespace>-<name>/s`, the same for every caller whatever its environment.
 */
export function pathsFor(host: BackendHost, uid: number): Paths {
  const base = `${host.stateDirectory}/${host.name}`
  const [logs, exits, starts, events] = ['logs', 'exits', 'starts', 'events'].map((name) => `${base}/${name}`) as Four
  const usual = `${base}/s`
  const short = `/tmp/orch-${uid}/${host.namespace}-${host.name}`
  const fits = Buffer.byteLength(usual) <= SOCKET_BYTES
  return {
    socket: fits ? usual : `${short}/s`,
    directories: [base, logs, exits, starts, events, ...(fits ? [] : [`/tmp/orch-${uid}`, short])],
    get wrapper() {
      return `${base}/run-${versionOf(WRAPPER)}.sh`
    },
    get hookScript() {
      return `${base}/hook-${versionOf(HOOK_SCRIPT)}.sh`
    },
    get logScript() {
      return `${base}/log-${versionOf(LOG_SCRIPT)}.sh`
    },
    swept: `${base}/swept`,
    logs,
    exits,
    starts,
    events,
  }
}

type Four = [string, string, string, string]

/** Tells one content of a script from another; asked only where one is started, as it loads `node:crypto`. */
function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
