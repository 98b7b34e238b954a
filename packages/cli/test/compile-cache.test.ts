import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import Module from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { assertBundled, BIN } from './harness/loaded-packages.ts'
import { createPlace } from './harness/place.ts'

const MODULE = fileURLToPath(new URL('../bin/orch.js', import.meta.url))
const ONE = 'exports.value = () => 1'
const TWO = 'exports.value = () => 2'

let place: string
let bundle: string
let cache: string

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'orch-test-'))
  bundle = join(place, 'bundle')
  cache = join(place, 'cache/orch', `compiled-${process.version}`)
  mkdirSync(bundle)
})
afterEach(() => rmSync(place, { recursive: true }))

/** What the file says, in a process of its own. */
function run(text: string, env: Readonly<Record<string, string>> = {}, verb = 'status'): string {
  writeFileSync(join(bundle, 'part.cjs'), text)
  const program = `
    const load = require(${JSON.stringify(MODULE)}).cachedLoader(${JSON.stringify(bundle)}, ${JSON.stringify(verb)})
    Promise.resolve(load('part.cjs').value()).then(console.log)`
  const options = { env: { XDG_CACHE_HOME: join(place, 'cache'), ...env }, encoding: 'utf8' } as const
  return execFileSync(process.execPath, ['-e', program], options).trim()
}

const keptFile = (): string => join(cache, 'part.cjs.bin')

/** Keeps what was compiled of another text as if it were of this one, which V8 cannot tell: only so is it seen to be used. */
function forge(text: string, other: string): void {
  run(other)
  const kept = readFileSync(keptFile())
  kept.set(Buffer.from(text), kept.indexOf(other))
  writeFileSync(keptFile(), kept)
}

describe('the compile cache for Node 20', () => {
  it('leaves nothing where it cannot be written', () => {
    mkdirSync(keptFile(), { recursive: true })
    expect(run(ONE)).toBe('1')
    expect(readdirSync(cache)).toEqual(['part.cjs.bin'])
  })

  it('is used by the next process, and by the user alone', () => {
    forge(ONE, TWO)
    expect(run(ONE)).toBe('2')
    chmodSync(cache, 0o777)
    expect(run(ONE)).toBe('1')
    chmodSync(cache, 0o700)
    expect(run(ONE)).toBe('1')
    expect(readdirSync(cache)).toEqual(['part.cjs.bin'])
  })

  it('takes nothing for another text, however long', () => {
    forge(ONE, TWO)
    expect(run(ONE.replace('1', '3'))).toBe('3')
    expect(run(`${ONE} // longer`)).toBe('1')
    expect(run(ONE.replace('1', '3'))).toBe('3')
  })

  it('learns what each command runs, once, and forgets nothing of the others', () => {
    const parts = `${'//'.padEnd(2000, '.')}
      const status = () => 'status' ${"+ ''".repeat(200)}
      const send = () => 'send' ${"+ ''".repeat(200)}`
    const text = `${parts}; exports.value = () => (process.env.SEND ? send : status)()`
    const sizes = ['', 'send', '', 'send'].map((verb) => {
      expect(run(text, verb === '' ? {} : { SEND: '1' }, verb || 'status')).toBe(verb || 'status')
      return readFileSync(keptFile()).length
    })
    const made = readFileSync(keptFile())
    expect(sizes[1]).toBeGreaterThan((sizes[0] as number) + 'send'.length + 500)
    expect(sizes.slice(2)).toEqual([sizes[1], sizes[1]])
    expect(made.toString('utf8', made.length - 8 - 'status send'.length, made.length - 8)).toBe('status send')
  })

  it('learns no more than 64 words', () => {
    const words = Array.from({ length: 63 }, (_, nth) => `word${nth}`).join(' ')
    run(ONE, {}, words)
    run(ONE, {}, 'send')
    const made = readFileSync(keptFile()).length
    run(ONE, {}, 'tail')
    expect(readFileSync(keptFile()).length).toBe(made)
  })

  it('replaces what V8 does not take', () => {
    run(ONE)
    const kept = readFileSync(keptFile())
    kept.fill(0, 0, 16)
    writeFileSync(keptFile(), kept)
    expect(run(ONE)).toBe('1')
    expect(readFileSync(keptFile()).subarray(0, 16)).not.toEqual(kept.subarray(0, 16))
    writeFileSync(keptFile(), '')
    expect(run(ONE)).toBe('1')
    expect(readFileSync(keptFile()).length).toBeGreaterThan(ONE.length)
  })

  it('changes nothing where it cannot be kept, is not wanted, or nobody has a home', () => {
    writeFileSync(join(place, 'cache'), '')
    expect(run(ONE)).toBe('1')
    const elsewhere = join(place, 'elsewhere')
    expect(run(ONE, { XDG_CACHE_HOME: elsewhere, NODE_DISABLE_COMPILE_CACHE: '1' })).toBe('1')
    expect(existsSync(elsewhere)).toBe(false)
    expect(run(ONE, { XDG_CACHE_HOME: '' })).toBe('1')
    expect(readdirSync(place).sort()).toEqual(['bundle', 'cache'])
  })

  it('loads each file once, whoever requires it, and modules of Node beside them', () => {
    writeFileSync(join(bundle, 'other.cjs'), "exports.part = require('./part.cjs'); exports.word = 'ó'")
    const text = `const other = require('./other.cjs')
      exports.value = () => [other.word, other === require('./other.cjs'), other.part === exports, require('node:path').sep]`
    const said = "[ 'ó', true, true, '/' ]"
    expect([run(text), run(text)]).toEqual([said, said])
    expect(readdirSync(cache).sort()).toEqual(['other.cjs.bin', 'part.cjs.bin'])
  })

  it('leaves require and import as they are', () => {
    writeFileSync(join(bundle, 'other.cjs'), 'exports.word = "other"')
    const text = `exports.value = async () =>
      require('./other.cjs').word + (await import('node:path')).sep + require.resolve('./other.cjs').length`
    const said = `other/${join(bundle, 'other.cjs').length}`
    expect([run(text), run(text)]).toEqual([said, said])
  })
})

describe('the built CLI', () => {
  it('keeps each file of its bundle that a command loads, where Node does not do so itself', () => {
    assertBundled()
    const own = createPlace()
    const said = execFileSync(process.execPath, [BIN, 'status'], { cwd: own.project, env: own.env, encoding: 'utf8' })
    expect(said).toMatch(/^No agents/)
    const folder = join(own.env.XDG_CACHE_HOME as string, 'orch', `compiled-${process.version}`)
    const names = ['backend-opencode', 'backend-tmux', 'commands', 'core', 'main', 'schema']
    const loaded = names.map((name) => `${name}.cjs.bin`)
    expect(existsSync(folder) ? readdirSync(folder).sort() : []).toEqual('enableCompileCache' in Module ? [] : loaded)
    own.remove()
  })
})
