import { createHash } from 'node:crypto'
import type { BackendHost } from '@orch/core'
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
  /** Output logs, `<run>.log`; they outlive window and server. */
  readonly logs: string
  /** How runs ended, one file named after the run. */
  readonly exits: string
  /** What a run starts with; the wrapper deletes each file once it has read it. */
  readonly starts: string
}

/**
 * The paths under `host.stateDirectory`. A socket path too long for the system moves to
 * `/tmp/orch-<uid>/<namespace>-<name>/s`, the same for every caller whatever its environment.
 */
export function pathsFor(host: BackendHost, uid: number): Paths {
  const base = `${host.stateDirectory}/${host.name}`
  const [logs, exits, starts] = [`${base}/logs`, `${base}/exits`, `${base}/starts`]
  const usual = `${base}/s`
  const short = `/tmp/orch-${uid}/${host.namespace}-${host.name}`
  const fits = Buffer.byteLength(usual) <= SOCKET_BYTES
  const version = createHash('sha256').update(WRAPPER).digest('hex').slice(0, 8)
  return {
    socket: fits ? usual : `${short}/s`,
    directories: [base, logs, exits, starts, ...(fits ? [] : [`/tmp/orch-${uid}`, short])],
    wrapper: `${base}/run-${version}.sh`,
    logs,
    exits,
    starts,
  }
}
