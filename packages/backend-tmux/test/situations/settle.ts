import type { Stage } from './stage.ts'

/** How the program of a stage is launched. */
interface Launch {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Configures the program of a stage before its agent is spawned. */
export async function settle({ place, program }: Stage, { args = [], env = {} }: Launch): Promise<void> {
  const spec = { command: program, args, env, promptBy: 'argument' }
  await place.write('.orch/config.json', JSON.stringify({ programs: { [program]: spec } }))
}
