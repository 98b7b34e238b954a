import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OrchRun } from '../../harness/orch.ts'
import type { World } from './world.ts'

const preload = fileURLToPath(new URL('../programs/barriers.cjs', import.meta.url))

/** A run of orch with barriers. */
export interface BarrierRun extends OrchRun {
  /** The barriers it came to, each with how many times it had come there, in order. */
  reached: string[]
}

/** Runs the command line that was built with barriers, and kills it at the given one, such as `task-given#1`. */
export async function runWithBarriers(
  { place }: World,
  { program, killAt }: { program: string; killAt?: string },
  ...args: string[]
): Promise<BarrierRun> {
  const log = join(place.env.HOME as string, `barriers-${randomUUID()}`)
  const env = { ORCH_TEST_BARRIER_LOG: log, ...(killAt !== undefined && { ORCH_TEST_BARRIER: killAt }) }
  const run = await place.orchWith({ program, preload, env }, ...args)
  const text = await readFile(log, 'utf8').catch(() => '')
  await rm(log, { force: true })
  return { ...run, reached: text.split('\n').filter((line) => line !== '') }
}
