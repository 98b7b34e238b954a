import { eventually } from '../../harness/eventually.ts'
import { atRest } from './at-rest.ts'
import type { Comparison, Target } from './bench.ts'
import { sameRun } from './same-run.ts'
import { type StampReader, stampReader } from './stamps.ts'
import { percentile } from './statistics.ts'
import { type ProcessOptions, startReading } from './timed-process.ts'

/** Stamped text, and two processes that print it as it comes. */
export interface TextSubject {
  readonly name: string
  /** Whose text it is that is timed, and where it comes. */
  readonly what: string
  readonly argv: readonly string[]
  readonly bare: readonly string[]
  readonly bareWhat: string
  readonly options: ProcessOptions
  /** How many pieces of text are written in one run. */
  readonly pieces: number
  /** Begins to write them. */
  write(): Promise<unknown>
  /** Resolves when the next run may begin, once all have come. */
  settle(): Promise<void>
  readonly target: Target
}

/** How old text is when it comes out of both processes, which read it at the same time: the middle, and the slowest. */
export async function* textAges(subject: TextSubject): AsyncIterable<Comparison> {
  const { name, options, pieces } = subject
  const [orch, floor] = [stampReader(), stampReader()]
  const processes = [startReading(subject.argv, options, orch.read), startReading(subject.bare, options, floor.read)]
  for (const { pid } of processes) await atRest(pid)
  const isWhole = (reader: StampReader): boolean => reader.ages().length === pieces
  const figures = sameRun(['orch 50', 'floor 50', 'orch 99', 'floor 99'], async () => {
    for (const reader of [orch, floor]) reader.forget()
    await subject.write()
    const areWhole = (): boolean => isWhole(orch) && isWhole(floor)
    await eventually(areWhole, { timeoutMs: 120_000, intervalMs: 100, what: `all text of ${name}` })
    await subject.settle()
    return {
      'orch 50': percentile(orch.ages(), 50),
      'floor 50': percentile(floor.ages(), 50),
      'orch 99': percentile(orch.ages(), 99),
      'floor 99': percentile(floor.ages(), 99),
    }
  })
  for (const percent of [50, 99] as const)
    yield {
      name: `${name}: how old text is, p${percent} of ${pieces} pieces`,
      unit: 'ms',
      orch: { what: subject.what, measure: figures[`orch ${percent}`] },
      floor: { what: subject.bareWhat, measure: figures[`floor ${percent}`] },
      target: subject.target,
    }
  await Promise.all(processes.map((process) => process.kill()))
}
