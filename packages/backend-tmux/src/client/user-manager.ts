import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { findProgram } from './files.ts'

/** How to start a program in a scope of the user's own systemd: by which program, and what that needs to know. */
export interface Scope {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
}

/** What systemd does with the processes of this user. */
export interface UserManager {
  /** `none`: it does not run here; `ends`: its manager of the user ends with the last session; `stays`: it lingers. */
  readonly state: 'none' | 'ends' | 'stays'
  /** `null` where the manager does not stay or does not answer. */
  readonly scope: Scope | null
}

/**
 * Looks for the manager; starts nothing. One that does not linger (`loginctl enable-linger`) ends a few seconds after the last
 * logout and takes its scopes along, whatever `KillUserProcesses` says (`logind.conf(5)`, `UserStopDelaySec=`).
 *
 * @param root where the system's files lie
 */
export function userManager(env: Readonly<Record<string, string | undefined>>, root = ''): UserManager {
  if (!existsSync(`${root}/run/systemd/system`)) return { state: 'none', scope: null }
  const { uid, username } = userInfo()
  if (!existsSync(`${root}/var/lib/systemd/linger/${username}`)) return { state: 'ends', scope: null }
  const runtime = `${root}/run/user/${uid}`
  const program = findProgram('systemd-run', env, '/')
  const answers = program !== null && existsSync(`${runtime}/systemd/private`)
  return { state: 'stays', scope: answers ? { program, env: { XDG_RUNTIME_DIR: runtime } } : null }
}
