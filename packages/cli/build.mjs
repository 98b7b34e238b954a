import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = import.meta.dirname
const outdir = join(root, 'bundle')
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  absWorkingDir: root,
  logLevel: 'warning',
  metafile: true,
  write: false,
}

/** What yargs lays out help texts with: half of its start-up time, so it is a file of its own, loaded when it is used. */
const layoutOnUse = {
  name: 'layout-on-use',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(cliui|string-width)$/ }, ({ path }) => ({ path, namespace: 'layout' }))
    onLoad({ filter: /.*/, namespace: 'layout' }, ({ path }) => ({
      contents: `import { createRequire } from 'node:module'
        const load = () => createRequire(import.meta.url)('./layout.cjs')[${JSON.stringify(path)}]
        export default (...args) => load()(...args)`,
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

const layout = await build({
  ...common,
  stdin: {
    contents: `export { default as cliui } from 'cliui'; export { default as 'string-width' } from 'string-width'`,
    resolveDir: dirname(fileURLToPath(import.meta.resolve('yargs'))),
  },
  outfile: join(outdir, 'layout.cjs'),
  format: 'cjs',
})
const program = await build({
  ...common,
  entryPoints: ['src/main.ts'],
  outdir,
  format: 'esm',
  splitting: true,
  conditions: ['@orch/source'],
  chunkNames: '[name]-[hash]',
  plugins: [layoutOnUse, directoryOnUse],
})

/** Which sources each file was made of. */
function contentsOf({ metafile }) {
  return Object.entries(metafile.outputs).map(([file, { inputs }]) => [file, Object.keys(inputs)])
}

const contents = Object.fromEntries([...contentsOf(layout), ...contentsOf(program)])
const files = [
  ...[...layout.outputFiles, ...program.outputFiles].map(({ path, text }) => [path, text]),
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
}
