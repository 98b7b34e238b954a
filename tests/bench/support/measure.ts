import type { Bench, Comparison, Stand, Target } from './bench.ts'
import { differences, ratios, type Summary, summarize } from './statistics.ts'

/** A comparison, measured. */
export interface Result {
  readonly bench: string
  readonly name: string
  readonly unit: Comparison['unit']
  readonly orch: Summary & { readonly what: string }
  readonly floor: Summary & { readonly what: string }
  /** Of the repetitions' own ratios. */
  readonly ratio: Summary
  readonly target: Target | null
  /** Whether the medians reach the target; `null` where there is none. */
  readonly met: boolean | null
}

/** Measures a bench's comparisons, one after the other. */
export async function* measureBench(bench: Bench, stand: Stand, repetitions: number): AsyncIterable<Result> {
  for await (const comparison of bench.comparisons(stand)) {
    stand.progress(`${bench.name}: ${comparison.name}`)
    yield resultOf(bench.name, comparison, await measureBoth(comparison, repetitions, stand.signal))
  }
}

interface Figures {
  readonly orch: number[]
  readonly floor: number[]
}

/** Both sides in every repetition, by turns first, after one run of each that does not count. */
async function measureBoth({ orch, floor }: Comparison, repetitions: number, signal: AbortSignal): Promise<Figures> {
  const figures: Figures = { orch: [], floor: [] }
  await orch.measure()
  await floor.measure()
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const sides = ['orch', 'floor'] as const
    for (const side of repetition % 2 === 0 ? sides : sides.toReversed()) {
      signal.throwIfAborted()
      figures[side].push(await (side === 'orch' ? orch : floor).measure())
    }
  }
  return figures
}

function resultOf(bench: string, comparison: Comparison, figures: Figures): Result {
  const { name, unit, orch, floor } = comparison
  const target = comparison.target ?? null
  const ratio = summarize(ratios(figures.orch, figures.floor))
  const own = summarize(figures.orch)
  return {
    bench,
    name,
    unit,
    orch: { what: orch.what, ...own },
    floor: { what: floor.what, ...summarize(figures.floor) },
    ratio,
    target,
    met: isMet(target, { own, ratio, over: summarize(differences(figures.orch, figures.floor)) }),
  }
}

function isMet(
  target: Target | null,
  { own, ratio, over }: Readonly<Record<'own' | 'ratio' | 'over', Summary>>,
): boolean | null {
  if (target === null) return null
  if ('over' in target) return over.median <= target.over
  return 'ratio' in target ? ratio.median <= target.ratio : own.median <= target.most
}
