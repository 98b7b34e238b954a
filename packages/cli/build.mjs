import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { inLayers } from './build-layers.mjs'
import { CLI_LAYERS, CORE_LAYERS, OPENCODE_LAYERS, TMUX_LAYERS } from './layers.mjs'

const root = import.meta.dirname
const outdir = join(root, 'bundle')

/** Files of their own, loaded when they are used: the import that asks for each, and where it starts. */
const PARTS = {
  '@orch/core': { name: 'core', entry: '@orch/core' },
  '@orch/backend-opencode': { name: 'backend-opencode', entry: '@orch/backend-opencode' },
  '@orch/backend-tmux': { name: 'backend-tmux', entry: '@orch/backend-tmux' },
  './parse-words.ts': { name: 'parse-words', entry: './src/parse-words.ts' },
  '../parse-words.ts': { name: 'parse-words', entry: './src/parse-words.ts' },
  './import-module.ts': { name: 'import-module', entry: '../core/src/orchestrator/import-module.ts' },
  './schema.ts': { name: 'schema', entry: '../core/src/config/schema.ts' },
  '../skills/find-skills.ts': { name: 'skills', entry: '../core/src/skills/find-skills.ts' },
  eventsource: { name: 'eventsource', entry: 'eventsource' },
}

/** An import of another part becomes a `require` of its file, at the place and time of the import. */
const partsOnUse = {
  name: 'parts-on-use',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /.*/ }, ({ path, kind }) => {
      const part = kind === 'entry-point' || !Object.hasOwn(PARTS, path) ? undefined : PARTS[path]
      if (part === undefined) return
      const file = `./${part.name}.cjs`
      return kind === 'dynamic-import' ? { path: file, namespace: 'part' } : { path: file, external: true }
    })
    onResolve({ filter: /.*/, namespace: 'part' }, ({ path }) => ({ path, external: true }))
    onLoad({ filter: /.*/, namespace: 'part' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }))
  },
}

/** What yargs lays out help texts with: half of its start-up time, so it is a part too. */
const layoutOnUse = {
  name: 'layout-on-use',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(cliui|string-width)$/ }, ({ path }) => ({ path, namespace: 'layout' }))
    onResolve({ filter: /.*/, namespace: 'layout' }, ({ path }) => ({ path, external: true }))
    onLoad({ filter: /.*/, namespace: 'layout' }, ({ path }) => ({
      contents: `export default (...args) => require('./layout.cjs')[${JSON.stringify(path)}](...args)`,
    }))
  },
}

/** In one file with its parser, yargs takes no path from `node_modules` and asks for the directory, which may be gone. */
const directoryOnUse = {
  name: 'directory-on-use',
  setup({ onLoad }) {
    onLoad({ filter: /yargs\/lib\/platform-shims\/esm\.mjs$/ }, ({ path }) => {
      const asked = 'mainFilename || process.cwd()'
      const source = readFileSync(path, 'utf8')
      if (!source.includes(asked)) throw new Error(`Cannot bundle yargs: "${asked}" is not in "${path}"`)
      return { contents: source.replace(asked, 'mainFilename') }
    })
  },
}

/** Modules of Node that many files import and most commands do not use: each takes half a millisecond or more to load. */
const BUILTINS_ON_USE = /=require\("(node:(?:crypto|fs\/promises|readline|stream\/consumers))"\)/g
const ON_USE = 'const onUse=(name)=>new Proxy({},{get:(_,key)=>require(name)[key]});\n'

/** A file of the bundle, in which those are loaded when something of them is used. */
function withBuiltinsOnUse(text) {
  const onUse = text.replace(BUILTINS_ON_USE, '=onUse("$1")')
  return onUse === text ? text : onUse.replace(/^(?:"use strict";)?/, (strict) => strict + ON_USE)
}

/**
 * What a file exports as one object that is made at its end, not as a function for each name, which every process would pay
 * for. So a name must have its value by then; names that only some imports initialize have not.
 */
function withPlainExports(text) {
  const made =
    /var (\w+)=\{\};\s*__export\(\s*\1,\s*\{([^{}]*)\}\);\s*module\.exports\s*=\s*__toCommonJS\(\s*\1\s*\);/.exec(text)
  const listed = /0&&\(\s*module\.exports\s*=\s*\{[^{}]*\}\);/.exec(text)
  if (made === null || listed === null) throw new Error('Cannot bundle: esbuild writes exports in another way')
  const values = made[2].replaceAll(/:\s*\(\)\s*=>/g, ':')
  return text.replace(made[0], () => '').replace(listed[0], () => `module.exports={${values}};`)
}

/** One other character, which esbuild leaves in regular expressions, has V8 keep the whole file in twice the memory. */
function inAscii(text) {
  return text.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * One file of the bundle; CommonJS, because each ES module costs Node 20 a millisecond to find, read and link. Only one
 * imports: what Node compiles out of its own sight cannot (`bin/orch.js`). Without the white space each process reads
 * a third less of it; names stay, for whoever reads a stack.
 */
function optionsOf(name) {
  return {
    bundle: true,
    minifyWhitespace: true,
    lineLimit: 160,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    define: { 'import.meta.filename': '__filename', 'import.meta.dirname': '__dirname', 'import.meta.url': 'metaUrl' },
    absWorkingDir: root,
    outfile: join(outdir, `${name}.cjs`),
    logLevel: 'warning',
    logOverride: { 'empty-import-meta': 'silent' },
    metafile: true,
    write: false,
    conditions: ['@orch/source'],
    supported: { 'dynamic-import': name === 'import-module' },
    plugins: [partsOnUse, layoutOnUse, directoryOnUse],
  }
}

function bundle(name, input) {
  return build({ ...optionsOf(name), ...input })
}

/** yargs asks where it is. */
const META_URL = 'const metaUrl = require("node:url").pathToFileURL(__filename).href'

const layout = {
  contents: `export { default as cliui } from 'cliui'; export { default as 'string-width' } from 'string-width'`,
  resolveDir: dirname(fileURLToPath(import.meta.resolve('yargs'))),
}
const entries = new Map(Object.values(PARTS).map(({ name, entry }) => [name, entry]))
const layers = (
  await Promise.all(
    [CORE_LAYERS, CLI_LAYERS, TMUX_LAYERS, OPENCODE_LAYERS].map((list) => inLayers(optionsOf('layer'), list)),
  )
).flat()
for (const { name } of layers) entries.delete(name)
const built = await Promise.all([
  bundle('layout', { stdin: layout, plugins: [] }),
  ...layers.map(({ name, input }) => bundle(name, { ...input, outfile: join(outdir, `${name}.cjs`) })),
  ...[...entries].map(([name, entry]) =>
    bundle(name, { entryPoints: [entry], ...(name === 'parse-words' && { banner: { js: META_URL } }) }),
  ),
])

/** Which sources each file was made of. */
const contents = Object.fromEntries(
  built.flatMap(({ metafile }) =>
    Object.entries(metafile.outputs).map(([file, { inputs }]) => [
      file,
      Object.keys(inputs).filter((input) => !/^(part|on-use|seldom):/.test(input)),
    ]),
  ),
)
const files = [
  ...built.flatMap(({ outputFiles }) =>
    outputFiles.map(({ path, text }) => [path, inAscii(withPlainExports(withBuiltinsOnUse(text)))]),
  ),
  [join(outdir, 'contents.json'), `${JSON.stringify(contents, null, 1)}\n`],
]

function isThere([path, text]) {
  try {
    return readFileSync(path, 'utf8') === text
  } catch {
    return false
  }
}

if (process.argv.includes('--check')) {
  process.exitCode = files.every(isThere) ? 0 : 1
} else {
  rmSync(outdir, { recursive: true, force: true })
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  for (const [path] of files.filter(([path]) => path.endsWith('.cjs'))) assertValues(path)
}

/** A name that only gets its value later would be exported without one. */
function assertValues(path) {
  const missing = Object.entries(createRequire(path)(path)).filter(([, value]) => value === undefined)
  if (missing.length > 0) throw new Error(`Cannot bundle: "${path}" has no values of ${missing.map(([name]) => name)}`)
}
