import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const source = dirname(fileURLToPath(import.meta.resolve('@orch/core/package.json'))).concat('/src')
const index = join(source, 'index.ts')

/** What most processes do not use of the core, by its modules: they, and what only they need, are a file that is loaded on use. */
const SELDOM = [
  'adoption/adopt',
  'clean/clean',
  'config/change-setting',
  'config/settings',
  'history/history',
  'history/trail',
  'init/init-project',
  'orchestrator/abandon',
  'messages/answer',
  'messages/ask',
  'orchestrator/attach',
  'orchestrator/complete',
  'orchestrator/doctor',
  'orchestrator/interrupt',
  'orchestrator/label',
  'spawn/preview-spawn',
  'orchestrator/resume',
  'orchestrator/server',
  'spawn/spawn-each',
  'recovery/recover-all',
  'worktree/diff',
  'worktree/remove-worktree',
].map((path) => `./${path}.ts`)

/** Of what the core itself imports when it comes to it, the modules that are in that file too, with what is asked of them. */
const ASKED = {
  'worktree/make-worktree.ts': 'makeWorktree',
  'worktree/plan-worktree.ts': 'planWorktree',
  'worktree/remove-worktree.ts': 'discardWorktree',
}

const exported = [...readFileSync(index, 'utf8').matchAll(/^export \{([^}]+)\} from '([^']+)'/gm)].map(
  ([, names, path]) => ({ path, names: names.split(',').map((name) => name.trim()) }),
)

function functionsOf(path) {
  const own = exported.filter((one) => one.path === path).flatMap(({ names }) => names)
  const functions = own.filter((name) => name !== '' && !name.startsWith('type '))
  if (functions.length === 0) throw new Error(`Cannot bundle: "${index}" exports nothing of "${path}"`)
  return functions
}

/** In the core each of those functions asks for the file that holds it. */
const askForSeldom = {
  name: 'ask-for-seldom',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, importer, kind, resolveDir }) => {
      if (importer === index && SELDOM.includes(path)) return { path, namespace: 'seldom' }
      const asked = kind === 'dynamic-import' && Object.hasOwn(ASKED, relative(source, resolve(resolveDir, path)))
      return asked ? { path: './core-seldom.cjs', namespace: 'seldom' } : undefined
    })
    onResolve({ filter: /.*/, namespace: 'seldom' }, ({ path }) => ({ path, external: true }))
    onLoad({ filter: /.*/, namespace: 'seldom' }, ({ path }) => ({
      contents: path.endsWith('.cjs')
        ? `module.exports = require(${JSON.stringify(path)})`
        : functionsOf(path)
            .map((name) => `export const ${name} = (...args) => require('./core-seldom.cjs').${name}(...args)`)
            .join('\n'),
    }))
  },
}

/** In that file what the core holds as well is taken from there. @param seen is told of each such module */
function takeFromCore(modules, seen = () => {}) {
  return {
    name: 'take-from-core',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
        const file = resolve(resolveDir, path)
        if (kind === 'entry-point' || !modules.has(file)) return
        seen(file)
        return { path: './core.cjs', external: true }
      })
    },
  }
}

/** The two files that the core becomes, as what esbuild is to make them of. */
export async function coreAndSeldom(given) {
  const options = { ...given, banner: { js: '"use strict";' } }
  const exports = [
    ...SELDOM.map((path) => [path, functionsOf(path).join(', ')]),
    ...Object.entries(ASKED).map(([path, name]) => [`./${path}`, name]),
  ]
  const entry = exports.map(([path, names]) => `export { ${names} } from '${path}'`).join('\n')
  const seldom = { stdin: { contents: entry, resolveDir: source, loader: 'ts' } }
  const whole = await build({ ...options, entryPoints: [index], plugins: [askForSeldom, ...options.plugins] })
  const modules = new Set(Object.keys(whole.metafile.inputs).map((path) => resolve(options.absWorkingDir, path)))
  const both = SELDOM.find((path) => modules.has(resolve(source, path)))
  if (both !== undefined) throw new Error(`Cannot bundle: the core itself needs "${both}", so it is no part of its own`)
  const shared = new Set()
  await build({
    ...options,
    ...seldom,
    plugins: [takeFromCore(modules, (file) => shared.add(file)), ...options.plugins],
  })
  assertUnique([...shared])
  const contents = [index, ...shared].map((file) => `export * from ${JSON.stringify(file)}`).join('\n')
  return {
    core: {
      ...options,
      stdin: { contents, resolveDir: source, loader: 'ts' },
      plugins: [askForSeldom, ...options.plugins],
    },
    'core-seldom': { ...options, ...seldom, plugins: [takeFromCore(modules), ...options.plugins] },
  }
}

/** Of two exports of one name neither would be there. */
function assertUnique(files) {
  const names = new Map()
  for (const file of files) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(
      /^export (?:async )?(?:function\*?|const|class) (\w+)/gm,
    )) {
      if (names.has(name)) throw new Error(`Cannot bundle: both "${names.get(name)}" and "${file}" export "${name}"`)
      names.set(name, file)
    }
  }
}
