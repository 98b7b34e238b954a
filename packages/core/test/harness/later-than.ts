import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../../../tests/harness/eventually.ts'

/** The time, once the file system and git (which counts whole seconds) tell what is done next from everything before. */
export async function laterThan(folder: string): Promise<string> {
  const probe = join(folder, '.git', 'probe')
  const fileTime = (): number => {
    writeFileSync(probe, `${Math.random()}`)
    return statSync(probe).ctimeMs
  }
  const before = Math.floor(fileTime() / 1000)
  const wait = { timeoutMs: 5_000, intervalMs: 10, what: 'the next second' }
  const now = await eventually(() => Math.floor(Date.now() / 1000) > before && Date.now(), wait)
  await eventually(() => fileTime() > now, wait)
  rmSync(probe)
  return new Date(now).toISOString()
}
