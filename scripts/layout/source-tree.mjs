import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from './code-of.mjs'

const GENERATED = new Set(['node_modules', 'dist', 'bundle', 'coverage', '.git', '.turbo', '.orch'])

/** The files a repository is made of, as paths relative to its root, with their text and their code. */
export class SourceTree {
  #texts = new Map()
  #codes = new Map()

  constructor(root) {
    this.root = root
    this.files = [...walk(root, '')].sort()
  }

  has(path) {
    return this.files.includes(path)
  }

  matching(pattern) {
    return this.files.filter((path) => pattern.test(path))
  }

  folders(parent) {
    const nested = this.files
      .filter((path) => path.startsWith(`${parent}/`))
      .map((path) => path.slice(parent.length + 1))
    return [...new Set(nested.filter((path) => path.includes('/')).map((path) => path.split('/')[0]))]
  }

  text(path) {
    return remember(this.#texts, path, () => readFileSync(join(this.root, path), 'utf8'))
  }

  /** The text with comments blanked out; lines and columns stay. */
  code(path) {
    return remember(this.#codes, path, () => codeOf(this.text(path)))
  }

  json(path) {
    return JSON.parse(this.text(path))
  }
}

function remember(store, key, make) {
  if (!store.has(key)) store.set(key, make())
  return store.get(key)
}

function* walk(root, folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (GENERATED.has(entry.name)) continue
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) yield* walk(root, path)
    else if (entry.isFile()) yield path
  }
}
