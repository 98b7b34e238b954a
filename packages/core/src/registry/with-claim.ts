import { join } from 'node:path'
import { stateDirectory } from '../config/config.ts'
import { OrchError } from '../errors.ts'
import { recheck, TIMING } from '../timing.ts'
import { createFileClaims, giveBack, hintForHeld, takeOver } from './claims.ts'

/**
 * Changes a file that others may change at once: one orch process of this user after the other. One that died at it holds up nobody.
 * @throws OrchError `BUSY` when another one does not come to an end, `PERMISSION_DENIED`, `DISK`
 */
export async function withClaim<T>(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  work: () => T | Promise<T>,
): Promise<T> {
  const claims = createFileClaims(join(stateDirectory(env), 'claims'))
  const name = `file ${file}`
  const taken = await recheck(() => takeOver(claims, name, null) || undefined, { timeoutMs: TIMING.readyTimeoutMs })
  if (taken === undefined)
    throw new OrchError('BUSY', `Cannot write "${file}": another orch process is at it`, {
      hint: hintForHeld(claims, name),
      retryable: true,
    })
  try {
    return await work()
  } finally {
    giveBack(claims, name)
  }
}
