import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Place } from './place.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const CLI = join(ROOT, 'packages/cli')

/** The built orch. */
export const BIN: string = join(CLI, 'bin/orch.js')

const names = (text: string): Set<string> => new Set(text.split(' '))

/** What yargs brings with it: shown as yargs. */
const OF_YARGS = names('escalade get-caller-file y18n yargs-parser')

/** What lays out help texts: shown as cliui. */
const OF_CLIUI = names('ansi-regex ansi-styles emoji-regex get-east-asian-width string-width strip-ansi wrap-ansi')

/** Throws when the bundle is not what the sources give. */
export function assertBundled(): void {
  const { status } = spawnSync(process.execPath, [join(CLI, 'build.mjs'), '--check'], { encoding: 'utf8' })
  if (status !== 0)
    throw new Error('Cannot test the built CLI: its bundle is older than its sources; run "npm run build"')
}

/** Runs the built CLI and returns the packages of which it loaded any module, sorted; V8 itself lists the scripts. */
export function loadedPackages(place: Place, words: readonly string[]): string[] {
  const folder = mkdtempSync(join(place.folder, 'scripts-'))
  const env = { ...place.env, NODE_V8_COVERAGE: folder }
  const { status, stderr } = spawnSync(process.execPath, [BIN, ...words], { cwd: place.project, env, encoding: 'utf8' })
  if (status === null || status === 1) throw new Error(`orch ${words.join(' ')} failed:\n${stderr}`)
  const urls = readdirSync(folder).flatMap((file) => scriptsIn(join(folder, file)))
  if (!urls.some((url) => url.endsWith('/cli/bin/orch.js'))) throw new Error('V8 listed no script of orch')
  return [...new Set(urls.flatMap(sourcesOf).map(packageOf))].sort()
}

/** A file of the bundle is made of many sources; `build.mjs` wrote down which. */
function sourcesOf(url: string): string[] {
  const path = fileURLToPath(url)
  const contents = JSON.parse(readFileSync(join(CLI, 'bundle/contents.json'), 'utf8')) as Record<string, string[]>
  const sources = contents[relative(CLI, path)]
  return sources === undefined ? [path] : sources.map((source) => resolve(CLI, source.replace(/^layout:/, '')))
}

function scriptsIn(file: string): string[] {
  const { result } = JSON.parse(readFileSync(file, 'utf8')) as { result: readonly { readonly url: string }[] }
  return result.map(({ url }) => url).filter((url) => url.startsWith('file:'))
}

function packageOf(path: string): string {
  const own = /\/packages\/(core|cli|backend-[a-z]+)\/((?:src|dist)\/(?:contract|memory)\/)?/.exec(path)
  if (own !== null) return `@orch/${own[1]}${own[2] === undefined ? '' : `/${own[2].split('/')[1]}`}`
  const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]
  if (name === undefined) return path
  return OF_YARGS.has(name) ? 'yargs' : OF_CLIUI.has(name) ? 'cliui' : name
}
