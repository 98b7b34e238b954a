import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BENCHES } from './support/benches.ts'
import { renderMarkdown } from './support/render.ts'
import { runBenches } from './support/run-benches.ts'

/**
 * `npm run bench -- [NAME…] [--list] [--repetitions N] [--quick] [--json] [--write]` measures the packed command line.
 * The table goes to stdout; `--write` renews `docs/bench.json` and `docs/bench.md`, which hold a whole run.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    repetitions: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

class UsageError extends Error {}

async function main(): Promise<void> {
  if (values.list) {
    for (const { name, about } of BENCHES) process.stdout.write(`${name.padEnd(10)} ${about}\n`)
    return
  }
  const progress = (text: string): void => {
    process.stderr.write(`${Math.round(performance.now() / 1000)} s ${text}\n`)
  }
  const report = await runBenches({ ...choice(), quick: values.quick, signal: interrupted, progress })
  const json = `${JSON.stringify(report, null, 2)}\n`
  process.stdout.write(values.json ? json : renderMarkdown(report))
  if (!values.write) return
  const docs = join(import.meta.dirname, '../../docs')
  await writeFile(join(docs, 'bench.json'), json)
  await writeFile(join(docs, 'bench.md'), renderMarkdown(report))
}

function choice(): Pick<Parameters<typeof runBenches>[0], 'benches' | 'repetitions'> {
  const unknown = positionals.find((name) => !BENCHES.some((bench) => bench.name === name))
  if (unknown !== undefined) throw new UsageError(`Cannot run "${unknown}": there is no such bench; see --list`)
  if (values.write && (values.quick || positionals.length > 0))
    throw new UsageError('Cannot write the record: it is of a whole run, without names and without --quick')
  const repetitions = Number(values.repetitions ?? (values.quick ? 1 : 11))
  if (!Number.isInteger(repetitions) || repetitions < 1)
    throw new UsageError(`Cannot repeat "${values.repetitions}" times: it is no whole number from 1`)
  const benches = positionals.length === 0 ? BENCHES : BENCHES.filter(({ name }) => positionals.includes(name))
  return { benches, repetitions }
}

/** Ctrl-C ends the run and cleans up. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => controller.abort(new Error(`Cannot finish the benches: ${name}`)))
  return controller.signal
}

const interrupted = interruption()
await main().catch((error: unknown) => {
  const shown = interrupted.aborted ? interrupted.reason : error
  process.stderr.write(`${interrupted.aborted || error instanceof UsageError ? shown.message : shown.stack}\n`)
  process.exitCode = interrupted.aborted ? 130 : 1
})
