const { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs')
const Module = require('node:module')
const { basename, dirname, join } = require('node:path')
const { Script } = require('node:vm')

/**
 * What `module.enableCompileCache` of Node 22 does, for Node 20: keeps what V8 made of the files in `folder` in the user's
 * cache, one file for each, and has it used by the next process. Saves most commands about 10 ms; whatever goes wrong, only
 * that. A file that holds `import()` is left alone: Node has it work only where Node compiles.
 */
exports.enableCompileCache = (folder) => {
  const cache = cacheFolder()
  if (cache === null) return
  const fresh = new Map()
  const compile = Module.prototype._compile
  Module.prototype._compile = function (text, filename) {
    if (dirname(filename) !== folder || text.includes('import(')) return compile.call(this, text, filename)
    const source = Buffer.from(text)
    const file = join(cache, `${basename(filename)}.bin`)
    const cachedData = readCached(file, source)
    const script = new Script(Module.wrap(text), { filename, cachedData })
    if (cachedData === undefined || script.cachedDataRejected) fresh.set(file, { script, source })
    const require = Module.createRequire(filename)
    return script.runInThisContext().call(this.exports, this.exports, require, this, filename, folder)
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

/** What is kept of exactly this source; `undefined` for nothing. It is code: a folder that others may write to is not used. */
function readCached(file, source) {
  try {
    const { uid, mode } = statSync(dirname(file))
    if (uid !== process.getuid() || (mode & 0o022) !== 0) return undefined
    const kept = readFileSync(file)
    const end = kept.length - source.length - 4
    if (kept.readUInt32LE(kept.length - 4) !== source.length) return undefined
    return kept.subarray(end, kept.length - 4).equals(source) ? kept.subarray(0, end) : undefined
  } catch {
    return undefined
  }
}

/** What V8 made, the source and its length: what was made of another source is never taken for it. */
function writeCached(file, { script, source }) {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(source.length)
  const draft = `${file}.${process.pid}`
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(draft, Buffer.concat([script.createCachedData(), source, length]), { mode: 0o600, flag: 'wx' })
  renameSync(draft, file)
}
