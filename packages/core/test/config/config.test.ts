import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { configDirectory, loadConfig, stateDirectory } from '../../src/config/config.ts'

const run = promisify(execFile)
const scope = perTest()
let root: string
let project: string
let env: Record<string, string>

beforeEach(async () => {
  root = (await scope.use(temporaryFolder())).path
  project = join(root, 'project')
  env = { HOME: join(root, 'home') }
  mkdirSync(join(project, '.orch'), { recursive: true })
  mkdirSync(join(root, 'home', '.config', 'orch'), { recursive: true })
})

describe('loadConfig()', () => {
  it('is empty when there is no file', async () => {
    const worktree = { setup: null, link: [], copy: [], directory: null }
    const limits = { depth: 3, children: 20, agents: 100 }
    const nothing = { defaultBackend: null, notify: null, verify: null, maxParallel: null }
    const empty = { ...nothing, backends: {}, programs: {}, models: {}, skills: [], worktree, limits }
    expect(await loadConfig(project, env)).toEqual(empty)
    expect(await loadConfig(join(root, 'gone'), { HOME: join(root, 'gone') })).toEqual(empty)
  })

  it('takes the default backend from the environment, else the project, else the user', async () => {
    user({ defaultBackend: 'from-user' })
    expect((await loadConfig(project, env)).defaultBackend).toBe('from-user')
    own({ defaultBackend: 'from-project' })
    expect((await loadConfig(project, env)).defaultBackend).toBe('from-project')
    expect((await loadConfig(project, { ...env, ORCH_BACKEND: 'from-env' })).defaultBackend).toBe('from-env')
    expect((await loadConfig(project, { ...env, ORCH_BACKEND: '' })).defaultBackend).toBe('from-project')
  })

  it("lays the project's backends over the user's, key by key", async () => {
    user({ backends: { one: { module: './mine.js', url: 'user', token: 'user' }, two: { a: 1 } } })
    own({ backends: { one: { url: 'project' }, three: { module: 'package', b: null } } })
    expect((await loadConfig(project, env)).backends).toMatchObject({
      one: {
        module: './mine.js',
        from: join(root, 'home/.config/orch'),
        files: [join(root, 'home/.config/orch/config.json'), join(project, '.orch/config.json')],
        options: { url: 'project', token: 'user' },
      },
      two: { module: null, options: { a: 1 } },
      three: { module: 'package', from: join(project, '.orch'), options: { b: null } },
    })
  })

  it('starts a module from the file that names it', async () => {
    user({ backends: { one: { module: './user.js' } } })
    own({ backends: { one: { module: './project.js' } } })
    expect((await loadConfig(project, env)).backends.one).toMatchObject({
      module: './project.js',
      from: join(project, '.orch'),
      options: {},
    })
  })

  it('takes a program whole from the nearest file, its defaults filled', async () => {
    user({ programs: { a: { command: 'a', args: ['1'] }, b: { command: 'b', env: { X: 'y' }, promptBy: 'argument' } } })
    own({ programs: { a: { command: 'other' } } })
    expect((await loadConfig(project, env)).programs).toEqual({
      a: { name: 'a', command: 'other', args: [], env: {}, promptBy: null },
      b: { name: 'b', command: 'b', args: [], env: { X: 'y' }, promptBy: 'argument' },
    })
  })

  it('starts the module of a program from the file that names it, and leaves what that says to it', async () => {
    user({ programs: { far: { module: './far.js' } } })
    own({
      programs: { near: { module: '../near.js', command: 'n', args: ['1'] }, absent: { module: 'not-installed' } },
    })
    const empty = { args: [], env: {}, promptBy: null }
    expect((await loadConfig(project, env)).programs).toEqual({
      far: { name: 'far', command: null, ...empty, module: pathToFileURL(join(root, 'home/.config/orch/far.js')).href },
      near: {
        ...{ name: 'near', command: 'n', ...empty, args: ['1'] },
        module: pathToFileURL(join(project, 'near.js')).href,
      },
      absent: { name: 'absent', command: null, ...empty, module: 'not-installed' },
    })
  })

  it('takes a short name of a model from the nearest file', async () => {
    user({ models: { fast: 'far/small', best: 'far/large' } })
    own({ models: { fast: 'near/small' } })
    expect((await loadConfig(project, env)).models).toEqual({ fast: 'near/small', best: 'far/large' })
  })

  it('takes the command that verifies work from the nearest file, as its words', async () => {
    user({ verify: ['make', 'all tests'] })
    expect((await loadConfig(project, env)).verify).toEqual(['make', 'all tests'])
    own({ verify: "npm run 'all tests'" })
    expect((await loadConfig(project, env)).verify).toEqual(['npm', 'run', 'all tests'])
  })

  it('takes each limit from the nearest file', async () => {
    user({ limits: { depth: 1, agents: 7 } })
    own({ limits: { depth: 0 } })
    expect((await loadConfig(project, env)).limits).toEqual({ depth: 0, children: 20, agents: 7 })
  })

  it('takes folders of skills from the nearest file, which relative ones start from', async () => {
    const home = join(root, 'home')
    user({ skills: ['skills', '~/mine', '~'] })
    expect((await loadConfig(project, env)).skills).toEqual([
      ...[join(home, '.config/orch/skills'), join(home, 'mine'), home],
    ])
    own({ skills: ['../near', '/far'] })
    expect((await loadConfig(project, env)).skills).toEqual([join(project, 'near'), '/far'])
  })

  it('allows a $schema for editors', async () => {
    own({ $schema: 'https://example.com/schema.json' })
    expect((await loadConfig(project, env)).backends).toEqual({})
  })

  it.each<readonly [string, unknown, string]>([
    ['an unknown key', { defaultBakend: 'x' }, 'defaultBakend'],
    ['a value of the wrong type', { defaultBackend: 1 }, 'defaultBackend'],
    ['a backend that is no object', { backends: { tmux: 'yes' } }, 'backends.tmux'],
    ['a module that is no text', { backends: { tmux: { module: 1 } } }, 'backends.tmux.module'],
    ['a program without a command', { programs: { mine: {} } }, 'programs.mine.command'],
    ['an empty module', { programs: { mine: { module: '' } } }, 'programs.mine.module'],
    ['a program that is no object', { programs: { mine: 'a' } }, 'programs.mine'],
    ['a command with an open quote', { verify: "npm 'test" }, 'verify'],
    ['a limit below zero', { limits: { depth: -1 } }, 'limits.depth'],
    ['an unknown limit', { limits: { width: 1 } }, 'limits.width'],
    ['a command without words', { verify: [] }, 'verify'],
    ['a command that is neither text nor list', { verify: 1 }, 'verify'],
    ['a model without a name', { models: { fast: '' } }, 'models.fast'],
    ['an empty command', { programs: { mine: { command: '' } } }, 'programs.mine.command'],
    ['an unknown key of a program', { programs: { mine: { command: 'a', arg: [] } } }, 'programs.mine.arg'],
    ['arguments that are no texts', { programs: { mine: { command: 'a', args: [1] } } }, 'programs.mine.args.0'],
    [
      'an unknown way to take the task',
      { programs: { mine: { command: 'a', promptBy: 'x' } } },
      'programs.mine.promptBy',
    ],
  ])('refuses %s and names file and key', async (_, value, key) => {
    own(value)
    const file = join(project, '.orch/config.json')
    await expect(loadConfig(project, env)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`"${file}" at "${key}"`),
      hint: `Mend "${key}" in "${file}"`,
    })
  })

  it.each(['[]', 'null', '"text"', '7'])('refuses %s instead of an object', async (text) => {
    writeFileSync(join(project, '.orch/config.json'), text)
    await expect(loadConfig(project, env)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`"${join(project, '.orch/config.json')}"`),
    })
  })

  it.each([
    ['', 'line 1, column 1: expected a value'],
    ['{', 'line 1, column 2: expected a name in quotes or "}"'],
    ['{"a":1,,}', 'line 1, column 8: expected a name in quotes'],
    ['\0', 'line 1, column 1: expected a value'],
    ['{ // one\n  "a": [1,\n    nul]\n}', 'line 3, column 5: expected a value'],
    ['{\r\n  "a": { "b": tru\r\n} ]', 'line 2, column 15: expected a value'],
    ['{ "a": {\n} ]', 'line 2, column 3: expected "," or "}"'],
    ['{ "a" 1 }', 'line 1, column 7: expected ":"'],
    ['{ "a": [1 2] }', 'line 1, column 11: expected "," or "]"'],
    ['{ "a": "x\n" }', 'line 1, column 8: a text that is not closed, or has a wrong escape'],
    ['{} "x"', 'line 1, column 4: expected nothing more'],
  ])('refuses the text %j, which is not JSON, in the file of the user too, and says where', async (text, place) => {
    const file = join(root, 'home/.config/orch/config.json')
    writeFileSync(file, text)
    await expect(loadConfig(project, env)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `Cannot use the configuration "${file}": it is not JSON, ${place}`,
      hint: `Mend "${file}"`,
    })
  })

  it('goes on with what is valid where that is asked for, and tells what is not', async () => {
    user({ models: { fast: 'x' }, defaultBakend: 1 })
    writeFileSync(join(project, '.orch/config.json'), '{ no')
    const problems: string[] = []
    const config = await loadConfig(project, env, ({ message }) => problems.push(message))
    expect(config.models).toEqual({ fast: 'x' })
    expect(problems).toEqual([expect.stringContaining('"defaultBakend"'), expect.stringContaining('it is not JSON')])
  })

  it.each(['mkdir', 'mkfifo'])('refuses what %s made where the file should be, and waits for nothing', async (make) => {
    await run(make, [join(project, '.orch/config.json')])
    await expect(loadConfig(project, env)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  it('does not load the schema library when there is no file', async () => {
    const copy = join(root, 'copy')
    cpSync(fileURLToPath(new URL('../../src', import.meta.url)), copy, { recursive: true })
    const load = `import { loadConfig } from ${JSON.stringify(join(copy, 'config/config.ts'))}
      loadConfig(${JSON.stringify(project)}, { HOME: ${JSON.stringify(root)} }).then(
        (config) => console.log('loaded', Object.keys(config.programs).length),
        (error) => console.log(error.code, error.message),
      )`
    writeFileSync(join(copy, 'package.json'), '{ "type": "module" }')
    const program = join(copy, 'load.ts')
    writeFileSync(program, load)
    const node = (): Promise<{ stdout: string }> =>
      run(process.execPath, ['--import', import.meta.resolve('tsx'), program], { cwd: root })
    expect((await node()).stdout).toBe('loaded 0\n')
    own({ programs: {} })
    expect((await node()).stdout).toContain('valibot')
  })
})

describe('the XDG folders', () => {
  it.each([configDirectory, stateDirectory])('%p', (directory) => {
    const [name, below] =
      directory === configDirectory ? ['XDG_CONFIG_HOME', '.config'] : ['XDG_STATE_HOME', '.local/state']
    expect(directory({ HOME: '/home/me' })).toBe(`/home/me/${below}/orch`)
    expect(directory({ HOME: '/home/me', [name as string]: '/xdg' })).toBe('/xdg/orch')
    expect(directory({ HOME: '/home/me', [name as string]: 'relative' })).toBe(`/home/me/${below}/orch`)
    expect(directory({ HOME: '/home/me', [name as string]: '' })).toBe(`/home/me/${below}/orch`)
    expect(directory({ HOME: 'relative' })).toBe(join(userInfo().homedir, below as string, 'orch'))
    expect(directory({})).toBe(directory({ HOME: 'relative' }))
    expect(directory({})).toMatch(new RegExp(`^/.*/${below}/orch$`))
  })
})

function own(value: unknown): void {
  writeFileSync(join(project, '.orch', 'config.json'), JSON.stringify(value))
}

function user(value: unknown): void {
  const file = join(root, 'home', '.config', 'orch', 'config.json')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(value))
}
