import { readdirSync, readFileSync } from 'node:fs'
import { identifyProcess, recheck } from '@orch/core'

/** How long a program may take to end when asked to, in milliseconds. */
const GRACE_MS = 1_000
/** How long the system may take to end what was killed, in milliseconds. */
const KILL_MS = 5_000

/**
 * Ends a program and everything that stayed in its process group: asks first, then kills. Returns whether all is gone.
 *
 * @param {import('@orch/core').ProcessOwner} owner
 * @param {AbortSignal} signal
 */
export async function endGroup(owner, signal) {
  const now = identifyProcess(owner.pid)
  const isAnotherOne = now !== null && (now.startTime !== owner.startTime || now.bootId !== owner.bootId)
  if (isAnotherOne) return true
  for (const [name, timeoutMs] of /** @type {const} */ ([
    ['SIGTERM', GRACE_MS],
    ['SIGKILL', KILL_MS],
  ])) {
    signalGroup(owner.pid, name)
    if (await recheck(() => (groupLives(owner.pid) ? undefined : true), { timeoutMs, signal })) return true
  }
  return false
}

/** @param {number} group */
function groupLives(group) {
  return livingGroups()?.includes(group) ?? signalGroup(group, 0)
}

/** @param {number} group @param {NodeJS.Signals | 0} name */
function signalGroup(group, name) {
  try {
    return process.kill(-group, name)
  } catch {
    return false
  }
}

/** The group of each process, where the system shows them as files, else `null`. A zombie has ended with its last thread. */
function livingGroups() {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    return pids.flatMap((pid) => {
      const stat = readOrEmpty(`/proc/${pid}/stat`)
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const [state = 'X', , group] = fields
      const hasEnded = state === 'X' || (state === 'Z' && Number(fields[17]) <= 1)
      return hasEnded ? [] : [Number(group)]
    })
  } catch {
    return null
  }
}

/** @param {string} path */
function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
