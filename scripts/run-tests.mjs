import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closingLine, countTests } from './count-tests.mjs'

const root = join(import.meta.dirname, '..')

function run(program, args) {
  const options = { cwd: root, stdio: 'inherit', env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' } }
  return spawnSync(join(root, 'node_modules/.bin', program), args, options).status ?? 1
}

function runJest() {
  const folder = mkdtempSync(join(tmpdir(), 'orch-tests-'))
  try {
    const results = join(folder, 'results.json')
    const status = run('jest', ['--ci', '--json', `--outputFile=${results}`, ...process.argv.slice(2)])
    return countTests(results, status)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const counts = run('turbo', ['run', 'build', '--output-logs=errors-only']) === 0 ? runJest() : { passed: 0, failed: 1 }
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1
console.log(closingLine(counts))
