import { unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileError } from '@orch/core'

/** Writes a short-lived file, mode 0600, by which a server proves that it shares this file system. */
export function placeNonce(folder: string, nonce: string): { readonly path: string; remove(): void } {
  const path = join(folder, `.orch-${nonce}`)
  try {
    writeFileSync(path, nonce, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw fileError(error, `Cannot write in the workspace "${folder}"`, 'WORKSPACE_UNWRITABLE')
  }
  return {
    path,
    remove() {
      try {
        unlinkSync(path)
      } catch {}
    },
  }
}
