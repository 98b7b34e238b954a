import type { Target } from './bench.ts'
import type { Result } from './measure.ts'
import type { Report } from './report.ts'
import type { Summary } from './statistics.ts'

/** The report as a Markdown page: a pure function of it. */
export function renderMarkdown(report: Report): string {
  const { date, commit, node, platform, cpu, cores, tmux, openCode, repetitions, quick } = report
  const how = quick ? 'Small sizes: to see that it runs, not to learn from the figures.\n\n' : ''
  return `# What orch costs

Orch beside a floor: the least that the same answer costs. Median (p10–p90) of ${repetitions} interleaved repetitions; each ratio is
the median of the repetitions' own. What is measured is the packed command line, installed in an empty folder, as whole processes.
\`npm run bench -- --write\` renews this page; the floors are in \`tests/bench/floors\`.

${how}${date}, commit \`${commit}\`; Node ${node} on ${platform}, ${cores} × ${cpu}; tmux ${tmux}, OpenCode ${openCode}.

${tableOf(report.results)}
## The floors

${floorsOf(report.results)}`
}

function tableOf(results: readonly Result[]): string {
  const rows = results.map(({ name, unit, orch, floor, ratio, target, met }) =>
    [
      name,
      `${figures(orch)} ${unit}`,
      `${figures(floor)} ${unit}`,
      `${number(ratio.median, 2)} (${number(ratio.p10, 2)}–${number(ratio.p90, 2)})`,
      target === null ? '' : `${wanted(target, unit)}: ${met ? 'met' : '**not met**'}`,
    ].join(' | '),
  )
  const heads = ['what', 'orch', 'floor', 'ratio', 'target']
  return [heads.join(' | '), heads.map(() => '---').join(' | '), ...rows].map((row) => `| ${row} |\n`).join('')
}

function wanted(target: Target, unit: string): string {
  if ('over' in target) return `≤ ${target.over} ${unit} over the floor`
  return 'ratio' in target ? `≤ ${target.ratio} ×` : `≤ ${target.most} ${unit}`
}

function floorsOf(results: readonly Result[]): string {
  return results.map(({ name, orch, floor }) => `- ${name}: ${orch.what}; the floor is ${floor.what}.\n`).join('')
}

function figures({ median, p10, p90 }: Summary): string {
  return `${number(median, 1)} (${number(p10, 1)}–${number(p90, 1)})`
}

function number(value: number, digits: number): string {
  return value.toFixed(value >= 100 ? 0 : digits)
}
