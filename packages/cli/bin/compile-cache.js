const { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs')
const Module = require('node:module')
const { basename, dirname, join } = require('node:path')
const { Script } = require('node:vm')

/** The most commands that a file is remade for. */
const MOST_VERBS = 64

/**
 * What `module.enableCompileCache` of Node 22 does, for Node 20: keeps what V8 made of the files in `folder` in the user's
 * cache, one file for each, and has it used by the next process. Saves most commands about 10 ms; whatever goes wrong, only
 * that. V8 makes only what a process runs, so a file is remade, with what it held, at the first run of each `verb`. A file
 * that holds `import()` is left alone: Node has it work only where Node compiles.
 */
exports.enableCompileCache = (folder, verb = '') => {
  const cache = cacheFolder()
  if (cache === null) return
  const fresh = new Map()
  const js = Module._extensions['.js']
  const [head, tail] = Module.wrapper.map((text) => Buffer.from(text))
  Module._extensions['.cjs'] = (module, filename) => {
    if (dirname(filename) !== folder) return js(module, filename)
    const source = readFileSync(filename)
    if (source.includes('import(')) return js(module, filename)
    const file = join(cache, `${basename(filename)}.bin`)
    const { cachedData, verbs } = readCached(file, source)
    const script = new Script(Buffer.concat([head, source, tail]).toString(), { filename, cachedData })
    const known = cachedData === undefined || script.cachedDataRejected ? [] : verbs
    if (known.length < MOST_VERBS && !known.includes(verb)) fresh.set(file, { script, source, verbs: [...known, verb] })
    const { exports } = module
    script.runInThisContext().call(exports, exports, Module.createRequire(filename), module, filename, folder)
  }
  process.on('exit', () => {
    try {
      for (const [file, made] of fresh) writeCached(file, made)
    } catch {}
  })
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
  writeFileSync(draft, Buffer.concat([script.createCachedData(), source, names, lengths]), { mode: 0o600, flag: 'wx' })
  renameSync(draft, file)
}
