import type { Bench } from './bench.ts'
import { installOrch } from './installed-orch.ts'
import { describeMachine } from './machine.ts'
import { measureBench, type Result } from './measure.ts'
import type { Report } from './report.ts'
import { endProcesses } from './timed-process.ts'
import { withScope } from './with-scope.ts'

/** How the benches are run. */
export interface RunOptions {
  readonly benches: readonly Bench[]
  readonly repetitions: number
  readonly quick: boolean
  /** Ends the run, and everything that it started. */
  readonly signal: AbortSignal
  progress(text: string): void
}

/** Measures the installed packages. Whatever was started for it is gone when it resolves or rejects. */
export async function runBenches(options: RunOptions): Promise<Report> {
  const { benches, repetitions, quick, signal, progress } = options
  const onAbort = (): void => void endProcesses()
  signal.addEventListener('abort', onAbort)
  try {
    const machine = await describeMachine()
    const results = await withScope(async (whole) => {
      progress('packing and installing orch')
      const orch = await whole.use(installOrch())
      const all: Result[] = []
      for (const bench of benches)
        await withScope(async (scope) => {
          const stand = { scope, orch, quick, progress, signal }
          for await (const result of measureBench(bench, stand, repetitions)) all.push(result)
        })
      return all
    })
    return { ...machine, repetitions, quick, results }
  } finally {
    signal.removeEventListener('abort', onAbort)
    await endProcesses()
  }
}
