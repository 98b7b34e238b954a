import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of its own for one test. */
export interface TemporaryFolder extends AsyncDisposable {
  /** Absolute path without symbolic links, mode 0700. */
  path: string
  /** Removes the folder and everything in it. */
  remove(): Promise<void>
}

/** Makes an empty folder. Give it to a scope (scope.ts), which removes it when the test ends, passed or failed. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(await realpath(tmpdir()), 'orch-test-'))
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 10 })
  return { path, remove, [Symbol.asyncDispose]: remove }
}
