import { execFile } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../harness/temporary-folder.ts'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../../..')

/** The packed packages, installed in a folder of their own, as a user has them. */
export interface InstalledOrch extends AsyncDisposable {
  /** The command line of orch with these arguments. */
  argv(...args: readonly string[]): string[]
  /** The installed `@orch/core`, to be imported by a script. */
  readonly core: string
  /** The installed `@orch/backend-opencode`, likewise. */
  readonly openCode: string
}

/** Builds, packs and installs what stands in this repository. */
export async function installOrch(): Promise<InstalledOrch> {
  const folder = await temporaryFolder()
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' }
  try {
    await execute(join(root, 'node_modules/.bin/turbo'), ['run', 'build'], { cwd: root, env })
    const workspaces = (await readdir(join(root, 'packages'))).map((name) => `--workspace=@orch/${name}`)
    await execute('npm', ['pack', '--pack-destination', folder.path, ...workspaces], { cwd: root, env })
    const tarballs = (await readdir(folder.path)).map((file) => join(folder.path, file))
    await writeFile(join(folder.path, 'package.json'), '{ "private": true }\n')
    const options = ['--prefer-offline', '--no-audit', '--no-fund']
    await execute('npm', ['install', ...options, ...tarballs], { cwd: folder.path, env })
  } catch (error) {
    await folder.remove()
    throw error
  }
  const packages = join(folder.path, 'node_modules/@orch')
  return {
    argv: (...args) => [process.execPath, join(packages, 'cli/bin/orch.js'), ...args],
    core: join(packages, 'core/dist/index.js'),
    openCode: join(packages, 'backend-opencode/dist/index.js'),
    [Symbol.asyncDispose]: folder.remove,
  }
}
