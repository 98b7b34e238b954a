import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { build } from 'esbuild'

/**
 * Makes several files of what would be one: each holds what those before it do not, and takes the rest from them. So a
 * process loads what most need, and of the rest what it uses.
 *
 * A layer has a `name` (of its file), a `directory` that its paths are relative to, `exports` (lines that say what it exports), and
 * `onUse`: modules that other layers import with `import()`, which then loads this file. A layer with an `index` exports
 * of it, in place of each function of the modules in `seldom`, one that asks the layer `seldomIn` for it.
 */
export async function inLayers(options, layers) {
  const places = new Map(layers.flatMap((layer) => spacesOf(layer).map(({ file, key }) => [file, { layer, key }])))
  const held = []
  for (const layer of layers) {
    const { metafile } = await build(optionsOf(options, layer, { places, held, shared: [] }))
    const modules = new Set(Object.keys(metafile.inputs).map((path) => resolve(options.absWorkingDir, path)))
    const early = [...places].find(([file, place]) => modules.has(file) && place.layer !== layer)
    if (early !== undefined)
      throw new Error(`Cannot bundle: "${layer.name}" itself needs "${early[0]}" of "${early[1].layer.name}"`)
    held.push({ name: layer.name, modules, shared: new Set() })
  }
  return layers.map((layer, at) => {
    const shared = [...held[at].shared].sort()
    assertUnique(shared)
    return { name: layer.name, input: optionsOf(options, layer, { places, held: held.slice(0, at), shared }) }
  })
}

function spacesOf({ name, directory, onUse = [] }) {
  return onUse.map((path, index) => ({
    path,
    key: `${name.replaceAll('-', '_')}_${index}`,
    file: resolve(directory, path),
  }))
}

function optionsOf(options, layer, { places, held, shared }) {
  const lines = [
    ...layer.exports,
    ...spacesOf(layer).map(({ path, key }) => `export * as ${key} from ${JSON.stringify(path)}`),
    ...shared.map((file) => `export * from ${JSON.stringify(file)}`),
  ]
  return {
    ...options,
    banner: { js: '"use strict";' },
    stdin: { contents: lines.join('\n'), resolveDir: layer.directory, loader: 'ts' },
    plugins: [...(layer.seldom ? [seldomOnUse(layer)] : []), fromOthers(layer, places, held), ...options.plugins],
  }
}

/** What another layer holds is taken from there. */
function fromOthers(layer, places, held) {
  return {
    name: 'from-other-layers',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\.?\/|^\// }, ({ path, resolveDir, kind }) => {
        const file = resolve(resolveDir, path)
        const place = places.get(file)
        if (kind === 'dynamic-import' && place !== undefined && place.layer !== layer)
          return { path: file, namespace: 'on-use', pluginData: place }
        const earlier = held.find(({ modules }) => modules.has(file))
        if (earlier === undefined) return
        earlier.shared.add(file)
        return { path: `./${earlier.name}.cjs`, external: true }
      })
      onResolve({ filter: /.*/, namespace: 'on-use' }, ({ path }) => ({ path, external: true }))
      onLoad({ filter: /.*/, namespace: 'on-use' }, ({ pluginData: { layer: other, key } }) => ({
        contents: `module.exports = require(${JSON.stringify(`./${other.name}.cjs`)}).${key}`,
      }))
    },
  }
}

/** In place of each function of those modules the index exports one that asks for the file that holds it. */
function seldomOnUse({ index, seldom, seldomIn }) {
  return {
    name: 'seldom-on-use',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\// }, ({ path, importer }) =>
        importer === index && seldom.includes(path) ? { path, namespace: 'seldom' } : undefined,
      )
      onResolve({ filter: /.*/, namespace: 'seldom' }, ({ path }) => ({ path, external: true }))
      onLoad({ filter: /.*/, namespace: 'seldom' }, ({ path }) => ({
        contents: functionsOf(index, path)
          .map((name) => `export const ${name} = (...args) => require('./${seldomIn}.cjs').${name}(...args)`)
          .join('\n'),
      }))
    },
  }
}

/** The names of the functions that an index exports of a module. */
export function functionsOf(index, path) {
  const exported = [...readFileSync(index, 'utf8').matchAll(/^export \{([^}]+)\} from '([^']+)'/gm)]
  const own = exported.filter(([, , from]) => from === path).flatMap(([, names]) => names.split(','))
  const functions = own.map((name) => name.trim()).filter((name) => name !== '' && !name.startsWith('type '))
  if (functions.length === 0) throw new Error(`Cannot bundle: "${index}" exports nothing of "${path}"`)
  return functions
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
