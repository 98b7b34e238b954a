import { posix } from 'node:path'
import { importsOf } from './imports-of.mjs'

const BACKEND_TABLE = 'packages/cli/src/backends.ts'
const TESTING_EXPORTS = ['@orch/core/contract', '@orch/backend-tmux/contract']

const isPackageCode = (path) => /^packages\/[^/]+\/(src|test|bin)\/.*\.(ts|js|mjs)$/.test(path)
const packageOf = (path) => path.split('/')[1]
/** What a package exports for the tests of others. */
const isContract = (path) => /^packages\/[^/]+\/src\/contract\//.test(path)
const isSource = (path) => /^packages\/[^/]+\/(src|bin)\//.test(path)

function orchPackage(specifier) {
  return specifier.match(/^@orch\/([^/]+)/)?.[1]
}

function directionProblem(path, { specifier, lazy }) {
  const from = packageOf(path)
  const to = orchPackage(specifier)
  if (to === undefined || !isSource(path)) return undefined
  if (to === from) return 'names its own package, import the file instead'
  if (from === 'core') return 'core imports no other package'
  if (from.startsWith('backend-') && to !== 'core') return 'a backend imports only @orch/core'
  if (TESTING_EXPORTS.includes(specifier) && !isContract(path)) return 'is for tests'
  if (!to.startsWith('backend-')) return undefined
  if (path !== BACKEND_TABLE) return `backends are named only in ${BACKEND_TABLE}`
  return lazy ? undefined : 'backends are imported lazily, with import()'
}

function exportProblem(tree, { specifier }) {
  const to = orchPackage(specifier)
  if (to === undefined) return undefined
  const manifest = `packages/${to}/package.json`
  if (!tree.has(manifest)) return 'is no package of this repository'
  const subpath = `.${specifier.slice(`@orch/${to}`.length)}`
  return Object.hasOwn(tree.json(manifest).exports ?? {}, subpath) ? undefined : 'is not exported by its package'
}

function relativeProblem(path, { specifier }) {
  if (!specifier.startsWith('.')) return undefined
  const target = posix.normalize(posix.join(posix.dirname(path), specifier))
  const home = isPackageCode(path) ? `packages/${packageOf(path)}/` : `${path.split('/')[0]}/`
  if (target.startsWith(home)) return undefined
  const sharedTestCode = !isSource(path) && target.startsWith('tests/')
  return sharedTestCode ? undefined : `reaches out of ${home}`
}

/** Imports go one way, `cli → core ← backend-*`, and only through what a package exports. */
export function importDirection(tree) {
  const paths = tree.matching(/^(packages\/[^/]+\/(src|test|bin)|tests|examples)\/.*\.(ts|js|mjs)$/)
  return paths.flatMap((path) =>
    importsOf(tree.code(path)).flatMap((imported) => {
      const problem =
        (isPackageCode(path) ? directionProblem(path, imported) : undefined) ??
        exportProblem(tree, imported) ??
        relativeProblem(path, imported)
      return problem === undefined
        ? []
        : [{ path, line: imported.line, text: `imports "${imported.specifier}": ${problem}` }]
    }),
  )
}
