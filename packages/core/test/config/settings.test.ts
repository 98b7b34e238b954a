import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { setSetting, unsetSetting } from '../../src/config/change-setting.ts'
import { KEY_TEXTS } from '../../src/config/describe-keys.ts'
import { parseJsonc } from '../../src/config/jsonc.ts'
import { findConfigProblem, fixedKeys, knownKeys } from '../../src/config/schema.ts'
import { getSetting, listSettings, settingKeys } from '../../src/config/settings.ts'

const scope = perTest()
let place: { readonly project: string; readonly env: Record<string, string> }
let own: string
let user: string

beforeEach(async () => {
  const root = (await scope.use(temporaryFolder())).path
  place = { project: join(root, 'project'), env: { HOME: root } }
  own = join(root, 'project/.orch/config.json')
  user = join(root, '.config/orch/config.json')
  for (const file of [own, user]) mkdirSync(join(file, '..'), { recursive: true })
})

describe('listSettings()', () => {
  it('says of each value that holds who says it', async () => {
    writeFileSync(user, JSON.stringify({ defaultBackend: 'a', models: { x: 'u', y: 'u' }, $schema: 'x' }))
    writeFileSync(own, '{ "models": { "x": "p" } } // mine')
    const list = async (env = {}): Promise<unknown> =>
      (await listSettings({ ...place, env: { ...place.env, ...env } })).map(({ key, value, origin }) => [
        key,
        value,
        origin,
      ])
    const models = [
      ['models.x', 'p', 'project'],
      ['models.y', 'u', 'user'],
    ]
    expect(await list()).toEqual([['defaultBackend', 'a', 'user'], ...models])
    expect(await list({ ORCH_BACKEND: 'e' })).toEqual([['defaultBackend', 'e', 'environment'], ...models])
  })

  it('has a program whole from the nearest file, as it is used', async () => {
    writeFileSync(user, JSON.stringify({ programs: { a: { command: 'u', args: ['1'] }, b: { command: 'u' } } }))
    writeFileSync(own, JSON.stringify({ programs: { a: { command: 'p' } } }))
    expect((await listSettings(place)).map(({ key, value }) => [key, value])).toEqual([
      ['programs.a.command', 'p'],
      ['programs.b.command', 'u'],
    ])
  })

  it('hides what may be a secret', async () => {
    writeFileSync(own, JSON.stringify({ backends: { opencode: { password: 'hunter2', server: 'u' } } }))
    expect(JSON.stringify(await listSettings(place))).not.toContain('hunter2')
    expect(await getSetting('backends.opencode.password', place)).toMatchObject({ value: 'hunter2' })
  })
})

describe('getSetting()', () => {
  it('is a value, an object of several, or null', async () => {
    writeFileSync(own, JSON.stringify({ backends: { tmux: { rows: 1 }, 'a.b': { x: [1] } } }))
    expect((await getSetting('backends', place)).value).toEqual({ tmux: { rows: 1 }, 'a.b': { x: [1] } })
    expect((await getSetting('backends.tmux.rows', place)).value).toBe(1)
    expect((await getSetting('backends."a.b".x', place)).value).toEqual([1])
    expect(await getSetting('models', place)).toEqual({ value: null, settings: [] })
  })

  it.each([
    ['defaultBakend', 'Did you mean "defaultBackend"?'],
    ['programs.x.comand', 'Did you mean "programs.x.command"?'],
    ['quite.else', expect.stringContaining('Use one of "defaultBackend"')],
    ['', expect.any(String)],
    ['a..b', expect.any(String)],
    ['"a', expect.any(String)],
  ])('refuses the key %j', async (key, hint) => {
    await expect(getSetting(key, place)).rejects.toMatchObject({ code: 'USAGE', hint })
    await expect(setSetting({ key, given: 'x', scope: 'user' }, place)).rejects.toMatchObject({ code: 'USAGE' })
    expect(readdirSync(join(user, '..'))).toEqual([])
  })
})

describe('setSetting()', () => {
  it('writes the file of the project or of the user, and nothing when it is so already', async () => {
    const set = { key: 'models.fast', given: 'x/y', scope: 'project' } as const
    expect(await setSetting(set, place)).toEqual({ file: own, changed: true, value: 'x/y' })
    const { ino, mode } = statSync(own)
    expect(mode & 0o777).toBe(0o600)
    expect(await setSetting(set, place)).toMatchObject({ changed: false })
    expect(statSync(own).ino).toBe(ino)
    expect(await setSetting({ ...set, scope: 'user' }, place)).toMatchObject({ file: user, changed: true })
  })

  it('keeps comments, the mode, and a link', async () => {
    const real = join(place.project, 'real.json')
    writeFileSync(real, '{ // mine\n}\n', { mode: 0o644 })
    symlinkSync(real, own)
    await setSetting({ key: 'notify', given: '["a", "b"]', scope: 'project' }, place)
    expect(readFileSync(real, 'utf8')).toBe('{ // mine\n  "notify": ["a", "b"]\n}\n')
    expect(lstatSync(own).isSymbolicLink()).toBe(true)
    expect(statSync(real).mode & 0o777).toBe(0o644)
  })

  it('takes a text that looks like JSON where a text is due', async () => {
    await setSetting({ key: 'models.seven', given: '7', scope: 'project' }, place)
    expect(parseJsonc(readFileSync(own, 'utf8'))).toEqual({ models: { seven: '7' } })
  })

  it('refuses a value that the key does not take, and a file that is not valid, and leaves it', async () => {
    const set = { key: 'notify', given: '7', scope: 'project' } as const
    await expect(setSetting({ ...set, key: 'backends' }, place)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('expected'),
    })
    writeFileSync(own, '{ no')
    await expect(setSetting(set, place)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(readFileSync(own, 'utf8')).toBe('{ no')
  })

  it('takes null for no value, unless it is one', async () => {
    const set = { given: 'null', scope: 'project' } as const
    for (const key of ['models.x', 'maxParallel', 'defaultBackend'])
      await expect(setSetting({ ...set, key }, place)).rejects.toMatchObject({
        code: 'USAGE',
        hint: `Leave it out with "orch config unset ${key}"`,
      })
    expect(await setSetting({ ...set, key: 'backends.mine.x' }, place)).toMatchObject({ value: null })
    expect(await setSetting({ ...set, key: 'models.x', given: '"null"' }, place)).toMatchObject({ value: 'null' })
  })

  it('refuses a default backend that nobody knows, where it is said who is known', async () => {
    const at = { ...place, knownBackends: ['opencode', 'tmux'] }
    const set = { key: 'defaultBackend', given: 'tmix', scope: 'project' } as const
    await expect(setSetting(set, at)).rejects.toMatchObject({ code: 'USAGE', hint: 'Did you mean "tmux"?' })
    await expect(setSetting({ ...set, given: 'mine' }, at)).rejects.toMatchObject({
      hint: 'Use one of "opencode", "tmux", or set "backends.NAME.module" first',
    })
    writeFileSync(user, '{ "backends": { "mine": { "module": "x" } }, "nonsense": 1 }')
    expect(await setSetting({ ...set, given: 'mine' }, at)).toMatchObject({ changed: true })
    expect(await setSetting({ ...set, given: '"tmux"' }, at)).toMatchObject({ value: 'tmux' })
    expect(await setSetting(set, place)).toMatchObject({ value: 'tmix' })
  })

  it('loses nothing when many set something at once', async () => {
    const keys = Array.from({ length: 8 }, (_, index) => `models.m${index}`)
    await Promise.all(keys.map((key) => setSetting({ key, given: key, scope: 'project' }, place)))
    expect((await listSettings(place)).map(({ key }) => key)).toEqual(keys)
    expect(readdirSync(join(own, '..'))).toEqual(['config.json'])
  })
})

describe('unsetSetting()', () => {
  it('takes a value out of one file, or all below a key, and nothing twice', async () => {
    writeFileSync(own, '{\n  // mine\n  "models": { "a": "x", "b": "y" },\n  "maxParallel": 2\n}\n')
    writeFileSync(user, '{ "models": { "a": "z" } }')
    const unset = { key: 'models.a', scope: 'project' } as const
    expect(await unsetSetting(unset, place)).toEqual({ file: own, changed: true })
    expect(readFileSync(own, 'utf8')).toBe('{\n  // mine\n  "models": { "b": "y" },\n  "maxParallel": 2\n}\n')
    expect(await unsetSetting(unset, place)).toEqual({ file: own, changed: false })
    expect((await getSetting('models', place)).value).toEqual({ a: 'z', b: 'y' })
    expect(await unsetSetting({ ...unset, key: 'models' }, place)).toMatchObject({ changed: true })
    expect(readFileSync(own, 'utf8')).toBe('{\n  // mine\n  "maxParallel": 2\n}\n')
    expect(await unsetSetting({ ...unset, key: 'models', scope: 'user' }, place)).toMatchObject({ file: user })
    expect(await listSettings(place)).toMatchObject([{ key: 'maxParallel' }])
  })

  it('mends a file by taking out what is not valid, and makes none invalid', async () => {
    writeFileSync(own, '{ "defaultBakend": 1, "maxParallel": 0, "programs": { "p": { "command": "c" } } }')
    expect(await unsetSetting({ key: 'defaultBakend', scope: 'project' }, place)).toMatchObject({ changed: true })
    expect(await unsetSetting({ key: 'maxParallel', scope: 'project' }, place)).toMatchObject({ changed: true })
    expect(await listSettings(place)).toMatchObject([{ key: 'programs.p.command' }])
    await setSetting({ key: 'programs.p.args', given: '["-v"]', scope: 'project' }, place)
    const needed = unsetSetting({ key: 'programs.p.command', scope: 'project' }, place)
    await expect(needed).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('"orch config unset programs.p"'),
    })
  })

  it('makes no file, and refuses a key that there cannot be', async () => {
    expect(await unsetSetting({ key: 'models.a', scope: 'user' }, place)).toEqual({ file: user, changed: false })
    expect(readdirSync(join(user, '..'))).toEqual([])
    const unset = unsetSetting({ key: 'modles', scope: 'project' }, place)
    await expect(unset).rejects.toMatchObject({ code: 'USAGE', hint: 'Did you mean "models"?' })
  })
})

describe('settingKeys()', () => {
  it('has what can be set, each of which can be set, got and unset', async () => {
    writeFileSync(own, '{ "models": { "fast": "x" } }')
    const keys = (await settingKeys(place)).map(({ key }) => key)
    expect(keys).toEqual(expect.arrayContaining(['models.fast', 'limits.depth', 'worktree.setup', 'verify']))
    const whole = Object.entries(KEY_TEXTS).map(([key, { example }]) => [key, example] as const)
    const inner = Object.entries({ limits: KEY_TEXTS.limits?.example, worktree: KEY_TEXTS.worktree?.example })
    const values = new Map<string, unknown>([
      ...whole,
      ...inner.flatMap(([key, value]) =>
        Object.entries(value as object).map(([name, one]) => [`${key}.${name}`, one] as const),
      ),
      ['worktree.directory', '../trees'],
    ])
    for (const key of fixedKeys()) {
      const value = values.get(key)
      const given = typeof value === 'string' ? value : JSON.stringify(value)
      expect(await setSetting({ key, given, scope: 'user' }, place)).toMatchObject({ value })
      if (key !== 'models') expect((await getSetting(key, place)).value).toEqual(value)
    }
    for (const key of fixedKeys())
      expect(await unsetSetting({ key, scope: 'user' }, place)).toMatchObject({ changed: true })
    expect(parseJsonc(readFileSync(user, 'utf8'))).toEqual({})
  })
})

describe('the texts of the keys', () => {
  it('are there for each key, with an example that is valid', () => {
    expect(Object.keys(KEY_TEXTS)).toEqual(knownKeys([]).filter((key) => key !== '$schema'))
    for (const [key, { example }] of Object.entries(KEY_TEXTS)) expect(findConfigProblem({ [key]: example })).toBeNull()
  })
})
