import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const packages = fileURLToPath(new URL('../../../packages', import.meta.url))

/** A line of the sources that is only this comment is a place where the kill tests end the process. */
const BARRIER = /^[ \t]*\/\/ barrier: ([a-z]+(?:-[a-z]+)*)$/gm

/** The names of all barriers in the sources of these packages. Throws for a name that stands at two places. */
export async function barriersInSources(...names: string[]): Promise<string[]> {
  const texts = (await Promise.all(names.map((name) => textsBelow(join(packages, name, 'src'))))).flat()
  const found = texts.flatMap((text) => [...text.matchAll(BARRIER)].map(([, name]) => name as string))
  const twice = found.filter((name, index) => found.indexOf(name) !== index)
  if (twice.length > 0) throw new Error(`Cannot tell barriers apart: ${twice.join(', ')} stand at two places`)
  return found.sort()
}

async function textsBelow(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'))
  return Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
}

/**
 * Builds the command line from the sources into `folder`, with every barrier a call of `globalThis.orchBarrier`,
 * which `programs/barriers.cjs` defines. Resolves to the program.
 */
export async function buildWithBarriers(folder: string): Promise<string> {
  const cli = join(packages, 'cli')
  await build({
    entryPoints: [join(cli, 'src/main.ts')],
    outdir: join(folder, 'bundle'),
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@orch/source'],
    chunkNames: '[name]-[hash]',
    logLevel: 'warning',
    plugins: [barrierCalls],
  })
  await mkdir(join(folder, 'bin'))
  await copyFile(join(cli, 'package.json'), join(folder, 'package.json'))
  const program = join(folder, 'bin', 'orch.js')
  await writeFile(program, PROGRAM)
  return program
}

const PROGRAM = `import { main, processIo } from '../bundle/main.js'
process.exitCode = await main(process.argv.slice(2), processIo())
`

const barrierCalls: Plugin = {
  name: 'barrier-calls',
  setup({ onLoad }) {
    onLoad({ filter: /\/packages\/[^/]+\/src\/.*\.ts$/ }, async ({ path }) => ({
      loader: 'ts',
      contents: (await readFile(path, 'utf8')).replace(BARRIER, "globalThis.orchBarrier?.('$1');"),
    }))
  },
}
