import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Scope } from '../../harness/scope.ts'
import { temporaryFolder } from '../../harness/temporary-folder.ts'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../../..')

/** Packs these packages as they would be published, and installs the tarballs into a project. */
export async function installPacked(scope: Scope, project: string, names: readonly string[]): Promise<void> {
  const tarballs = (await scope.use(temporaryFolder())).path
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' }
  await execute(join(root, 'node_modules/.bin/turbo'), ['run', 'build'], { cwd: root, env })
  const workspaces = names.map((name) => `--workspace=@orch/${name}`)
  await execute('npm', ['pack', '--pack-destination', tarballs, ...workspaces], { cwd: root })
  const files = (await readdir(tarballs)).map((file) => join(tarballs, file))
  await execute('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...files], { cwd: project })
}
