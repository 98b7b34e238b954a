import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { closingLine } from './count-tests.mjs'

const root = join(import.meta.dirname, '..')
const bin = (name) => join(root, 'node_modules/.bin', name)
const script = (name) => [process.execPath, join(root, 'scripts', name)]

const CHECKS = [
  ['format and lint', [bin('biome'), 'check', '--colors=off', '.']],
  ['types', [bin('tsc'), '-b']],
  ['layout', script('check-layout.mjs')],
  ['docs', script('check-docs.mjs')],
  ['contract page', [...script('generate-contract-docs.mjs'), '--check']],
  ['turns page', [...script('generate-turn-docs.mjs'), '--check']],
  ['program table', [...script('generate-program-table.mjs'), '--check']],
  ['configuration schema', [...script('generate-config-schema.mjs'), '--check']],
  ['API pages', [...script('generate-api-docs.mjs'), '--check']],
  ['changesets', script('check-changesets.mjs')],
  ['unused code', [bin('knip'), '--no-progress']],
  ['packed packages', script('check-packages.mjs')],
].filter(([, [, file]]) => file !== join(root, 'scripts/check-docs.mjs') || existsSync(file))

function passes([name, [program, ...args]]) {
  const started = performance.now()
  const run = spawnSync(program, args, { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
  const passed = run.status === 0
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name} (${Math.round(performance.now() - started)} ms)`)
  if (!passed) console.log(`${run.stdout ?? ''}${run.stderr ?? ''}${run.error ?? ''}`)
  return passed
}

const results = CHECKS.map(passes)
const passed = results.filter(Boolean).length
const counts = { passed, failed: results.length - passed }
process.exitCode = counts.failed === 0 ? 0 : 1
console.log(closingLine(counts))
