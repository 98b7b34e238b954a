import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Place } from './place.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const BIN = join(ROOT, 'packages/cli/bin/orch.js')

/** What yargs brings with it: shown as yargs. */
const OF_YARGS = new Set(
  'ansi-regex ansi-styles cliui emoji-regex escalade get-caller-file get-east-asian-width string-width strip-ansi wrap-ansi y18n yargs-parser'.split(
    ' ',
  ),
)

/** Compiles the CLI and what it needs into the `dist` folders. */
export function buildCli(): void {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-b', 'packages/cli'], { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`The CLI does not compile:\n${stdout}`)
}

/** Runs the built CLI and returns the packages of which it loaded any module, sorted; V8 itself lists the scripts. */
export function loadedPackages(place: Place, words: readonly string[]): string[] {
  const folder = mkdtempSync(join(place.folder, 'scripts-'))
  const env = { ...place.env, NODE_V8_COVERAGE: folder }
  const { status, stderr } = spawnSync(process.execPath, [BIN, ...words], { cwd: place.project, env, encoding: 'utf8' })
  if (status === null || status === 1) throw new Error(`orch ${words.join(' ')} failed:\n${stderr}`)
  const urls = readdirSync(folder).flatMap((file) => scriptsIn(join(folder, file)))
  if (!urls.some((url) => url.endsWith('/cli/bin/orch.js'))) throw new Error('V8 listed no script of orch')
  return [...new Set(urls.map(packageOf))].sort()
}

function scriptsIn(file: string): string[] {
  const { result } = JSON.parse(readFileSync(file, 'utf8')) as { result: readonly { readonly url: string }[] }
  return result.map(({ url }) => url).filter((url) => url.startsWith('file:'))
}

function packageOf(url: string): string {
  const path = fileURLToPath(url)
  const own = /\/packages\/(core|cli|backend-[a-z]+)\/(dist\/(?:contract|memory)\/)?/.exec(path)
  if (own !== null) return `@orch/${own[1]}${own[2] === undefined ? '' : `/${own[2].split('/')[1]}`}`
  const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]
  return name === undefined ? path : OF_YARGS.has(name) ? 'yargs' : name
}
