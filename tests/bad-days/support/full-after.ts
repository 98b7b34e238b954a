import { fileURLToPath } from 'node:url'
import type { OrchOptions } from '../../harness/orch.ts'

const preload = fileURLToPath(new URL('../programs/full-after.cjs', import.meta.url))

/**
 * Options of a run of orch that finds no room any more once it had so many effects.
 *
 * @param full `filler`: a file that takes all the room of its disk. `size`: where every file of this process ends, in
 * bytes, whichever disk it is on.
 */
export function fullAfter(full: { effects: number; filler?: string; size?: number }): Partial<OrchOptions> {
  const { effects, filler, size } = full
  const env = {
    ORCH_TEST_FULL_AFTER: String(effects),
    ...(filler !== undefined && { ORCH_TEST_FILLER: filler }),
    ...(size !== undefined && { ORCH_TEST_FULL_SIZE: String(size) }),
  }
  return { preload, env }
}
