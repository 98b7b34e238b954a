import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'orch-packages-'))

function run(program, args) {
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' }
  const result = spawnSync(program, args, { cwd: root, encoding: 'utf8', env })
  if (result.status === 0) return true
  console.error(`${[program, ...args].join(' ')}\n${result.stdout}${result.stderr}`)
  return false
}

const bin = (name) => join(root, 'node_modules/.bin', name)
const libraries = (tarball) => !tarball.startsWith('orch-cli-')

function checkTarball(tarball) {
  const path = join(folder, tarball)
  const published = run(bin('publint'), ['--strict', path])
  const typed = !libraries(tarball) || run(bin('attw'), ['--profile', 'esm-only', path])
  return published && typed && hasNoHook(tarball, path)
}

/** In the sources a barrier is a comment; what ends a process there exists in no published file. */
function hasNoHook(tarball, path) {
  const { status, stdout } = spawnSync('tar', ['-xzOf', path], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  const hook = (libraries(tarball) ? /orchBarrier|ORCH_TEST/ : /barrier|ORCH_TEST/i).exec(stdout)
  if (status === 0 && hook === null) return true
  console.error(`${tarball}: ${hook === null ? 'cannot be unpacked' : `"${hook[0]}" belongs to the tests`}`)
  return false
}

try {
  const packages = readdirSync(join(root, 'packages')).map((name) => `--workspace=@orch/${name}`)
  const packed = run(bin('turbo'), ['run', 'build']) && run('npm', ['pack', '--pack-destination', folder, ...packages])
  const results = packed ? readdirSync(folder).map(checkTarball) : [false]
  process.exitCode = results.every(Boolean) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
