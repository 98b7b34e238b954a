#!/usr/bin/env node
// One file: each more that Node itself compiles takes a process almost two milliseconds.
const { isAscii } = require('node:buffer')
const {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs')
const { enableCompileCache } = require('node:module')
const { dirname, join } = require('node:path')
const { Script } = require('node:vm')

/** What Node puts around a module. */
const WRAPPER = ['(function (exports, require, module, __filename, __dirname) { ', '\n});']

/** The most commands that a file is remade for. */
const MOST_VERBS = 64

/**
 * Loads files of `folder`, and what they require of it, with what V8 made of them the last time, as `module.enableCompileCache`
 * of Node 22 does: it is kept in the user's cache, one file for each. Saves most commands about 15 ms; whatever goes wrong, only
 * that. V8 makes only what a process runs, so a file is remade, with what it held, at the first run of each `verb`. A file
 * that holds `import()` is left alone: Node has it work only where Node compiles.
 */
function cachedLoader(folder, verb = '') {
  const cache = cacheFolder()
  if (cache === null) return (name) => require(join(folder, name))
  const fresh = new Map()
  const modules = new Map()
  const [head, tail] = WRAPPER.map((text) => Buffer.from(text))
  const load = (name) => {
    const loaded = modules.get(name)
    if (loaded) return loaded.exports
    const filename = join(folder, name)
    const source = readBetween(head, filename, tail)
    if (source.includes('import(')) return require(filename)
    const file = join(cache, `${name}.bin`)
    const { cachedData, verbs } = readCached(file, source)
    // A text of one byte for each character takes no decoding.
    const text = isAscii(source) ? source.latin1Slice() : source.toString()
    const script = new Script(text, { filename, cachedData })
    const known = cachedData === undefined || script.cachedDataRejected ? [] : verbs
    if (known.length < MOST_VERBS && !known.includes(verb)) fresh.set(file, { script, source, verbs: [...known, verb] })
    const module = { exports: {} }
    modules.set(name, module)
    const own = (word) => (word.startsWith('./') ? load(word.slice(2)) : require(word))
    script.runInThisContext().call(module.exports, module.exports, own, module, filename, folder)
    return module.exports
  }
  process.on('exit', () => {
    try {
      for (const [file, made] of fresh) writeCached(file, made)
    } catch {}
  })
  return load
}

/** As one text from the start: texts of this size that are put together later fill what V8 then stops to clear. */
function readBetween(head, filename, tail) {
  const descriptor = openSync(filename)
  try {
    const { size } = fstatSync(descriptor)
    const all = Buffer.allocUnsafeSlow(head.length + size + tail.length)
    head.copy(all)
    if (readSync(descriptor, all, head.length, size) !== size) throw new Error(`Cannot read "${filename}"`)
    tail.copy(all, head.length + size)
    return all
  } finally {
    closeSync(descriptor)
  }
}

/** For this version of Node; `null` where the user has none, or does not want it. */
function cacheFolder() {
  const { HOME, XDG_CACHE_HOME, NODE_DISABLE_COMPILE_CACHE } = process.env
  const base = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'))
  return base && !NODE_DISABLE_COMPILE_CACHE ? join(base, 'orch', `compiled-${process.version}`) : null
}

/** What is kept of exactly this source; nothing else. It is code: a folder that others may write to is not used. */
function readCached(file, source) {
  const nothing = { cachedData: undefined, verbs: [] }
  try {
    const { uid, mode } = statSync(dirname(file))
    if (uid !== process.getuid() || (mode & 0o022) !== 0) return nothing
    const kept = readFileSync(file)
    const verbsEnd = kept.length - 8
    const sourceEnd = verbsEnd - kept.readUInt32LE(verbsEnd + 4)
    const end = sourceEnd - source.length
    if (kept.readUInt32LE(verbsEnd) !== source.length || !kept.subarray(end, sourceEnd).equals(source)) return nothing
    return { cachedData: kept.subarray(0, end), verbs: kept.toString('utf8', sourceEnd, verbsEnd).split(' ') }
  } catch {
    return nothing
  }
}

/** What V8 made, the source, the verbs and both their lengths: what was made of another source is never taken for it. */
function writeCached(file, { script, source, verbs }) {
  const names = Buffer.from(verbs.join(' '))
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32LE(source.length)
  lengths.writeUInt32LE(names.length, 4)
  const draft = `${file}.${process.pid}`
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  try {
    writeFileSync(draft, Buffer.concat([script.createCachedData(), source, names, lengths]), {
      mode: 0o600,
      flag: 'wx',
    })
    renameSync(draft, file)
  } catch {
    // On a full disk each process would leave another part of one.
    rmSync(draft, { force: true })
  }
}

function start() {
  const verb = process.argv.slice(2).find((word) => /^[a-z]{2,20}$/.test(word))
  const bundle = join(__dirname, '../bundle')
  const load = enableCompileCache ? (name) => require(join(bundle, name)) : cachedLoader(bundle, verb)
  enableCompileCache?.()
  const { main, processIo } = load('main.cjs')
  main(process.argv.slice(2), processIo()).then((code) => {
    process.exitCode = code
  })
}

if (require.main === module) start()
else module.exports = { cachedLoader }
