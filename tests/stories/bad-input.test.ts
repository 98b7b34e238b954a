import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { perFile } from '../harness/scope.ts'
import { expectRefused, type Refusal } from './support/expect-refused.ts'
import { type Place, tmuxPlace } from './support/place.ts'

const scope = perFile()
let place: Place
let twins: string[]

beforeAll(async () => {
  place = await scope.use(tmuxPlace())
  const cat = (name: string): Promise<string> => place.spawn('Say it again', '--name', name, '--program', '--', 'cat')
  twins = [await cat('twin'), await cat('twin')]
  await cat('single')
})

/** Every command that takes an agent. */
function onAgent(agent: string): string[][] {
  return [
    ['check', agent],
    ['tail', agent],
    ['tail', '-f', agent],
    ['send', agent, 'Hello'],
    ['wait', agent],
    ['answer', agent],
    ['interrupt', agent],
    ['complete', agent],
    ['complete', '--dry-run', agent],
    ['abandon', agent],
  ]
}

describe('an agent id', () => {
  it('of nobody is refused by every command', async () => {
    const refusal = { code: 'AGENT_NOT_FOUND', exitCode: 66, says: '"nobody"' }
    await expectRefused(place, ...onAgent('nobody').map((args) => ({ args, ...refusal })))
  })

  it('that begins several is refused by every command, which names them', async () => {
    const names = twins.toSorted().map((id) => `"${id}"`)
    const refusal = { code: 'AGENT_AMBIGUOUS', exitCode: 64, says: names.join(', ') }
    await expectRefused(place, ...onAgent('twin').map((args) => ({ args, ...refusal })))
  })

  it('that is a path or a pattern never names a file', async () => {
    const paths = ['../x', '..', '/etc/passwd', 'single/../single', './single', 'SINGLE', 'single*', 'single\n', '']
    const refusal = { code: 'AGENT_NOT_FOUND', exitCode: 66 }
    const lines = paths.flatMap((id) => [
      ['check', id],
      ['abandon', id],
      ...(id === '' ? [] : [['phase', 'Complete', '--id', id]]),
    ])
    await expectRefused(place, ...lines.map((args) => ({ args, ...refusal })))
  })

  it('must be whole where a command ends something and nobody is at the terminal', async () => {
    const refusal = { code: 'FULL_ID_REQUIRED', exitCode: 64, says: '"single-' }
    const lines = [
      ['abandon', 'single'],
      ['complete', '--force', 'single'],
      ['abandon', '@last'],
    ]
    await expectRefused(place, ...lines.map((args) => ({ args, ...refusal })))
  })
})

describe('a command line that cannot be done', () => {
  it('is refused: texts and names', async () => {
    await expectRefused(
      place,
      { args: ['spawn', ''], code: 'EMPTY_TASK', exitCode: 64 },
      { args: ['spawn', ' \n\t '], code: 'EMPTY_TASK', exitCode: 64 },
      { args: ['spawn', '-'], code: 'EMPTY_TASK', exitCode: 64 },
      { args: ['spawn'], code: 'USAGE', exitCode: 64 },
      { args: ['spawn', 'a', 'b'], code: 'USAGE', exitCode: 64 },
      { args: ['spawn', 'x', '--name', '../x'], code: 'USAGE', exitCode: 64, says: '"../x"' },
      { args: ['spawn', 'x', '--file', 'nowhere.md'], code: 'USAGE', exitCode: 64 },
      { args: ['spawn', '--file', 'nowhere.md'], code: 'FILE_NOT_FOUND', exitCode: 66, says: '"nowhere.md"' },
      { args: ['send', 'single', ''], code: 'EMPTY_MESSAGE', exitCode: 64 },
      { args: ['send', 'single'], code: 'USAGE', exitCode: 64 },
      { args: ['answer', 'single', 'yes'], code: 'REQUEST_NOT_FOUND', exitCode: 66 },
      { args: ['answer', 'single', '--allow', '--deny'], code: 'USAGE', exitCode: 64 },
      { args: ['phase', 'Complete'], code: 'USAGE', exitCode: 64, says: '--id' },
      { args: ['phase', 'A | B', '--id', 'single'], code: 'USAGE', exitCode: 64 },
      { args: ['phase', 'Complete', '--id', 'nobody'], code: 'AGENT_NOT_FOUND', exitCode: 66, says: '"nobody"' },
    )
  })

  it('is refused: options and verbs', async () => {
    await expectRefused(
      place,
      { args: ['wait', 'single', '--timeout', '5x'], code: 'BAD_DURATION', exitCode: 64, says: '"5x"' },
      { args: ['wait', 'single', '--timeout', '-5s'], code: 'BAD_DURATION', exitCode: 64, says: '"-5s"' },
      { args: ['wait', 'single', '--until', 'finished'], code: 'USAGE', exitCode: 64, says: 'finished' },
      { args: ['status', '--request-timeout', '0s'], code: 'BAD_DURATION', exitCode: 64, says: '"0s"' },
      { args: ['status', '--request-timeout'], code: 'USAGE', exitCode: 64 },
      { args: ['status', '--state', 'sleeping'], code: 'USAGE', exitCode: 64, says: 'sleeping' },
      { args: ['status', '--colour'], code: 'USAGE', exitCode: 64, says: 'colour' },
      { args: ['tail', 'single', '-n', '0'], code: 'USAGE', exitCode: 64, says: '-n' },
      { args: ['tail', 'single', '-n', 'many'], code: 'USAGE', exitCode: 64, says: '-n' },
      { args: ['spawn', 'x', '--permission', 'maybe'], code: 'USAGE', exitCode: 64 },
      { args: ['ls'], code: 'USAGE', exitCode: 64, says: 'orch status' },
      { args: ['frobnicate'], code: 'USAGE', exitCode: 64, says: '"orch frobnicate"' },
    )
  })

  it('is refused: backends and programs', async () => {
    await expectRefused(
      place,
      { args: ['spawn', 'x', '--backend', 'docker'], code: 'BACKEND_UNKNOWN', exitCode: 64, says: '"docker"' },
      { args: ['status', '--backend', 'docker'], code: 'BACKEND_UNKNOWN', exitCode: 64, says: '"docker"' },
      { args: ['spawn', 'x'], code: 'BACKEND_UNKNOWN', exitCode: 64, env: { ORCH_BACKEND: 'docker' } },
      {
        args: ['spawn', 'x', '--program', 'emacs'],
        code: 'PROGRAM_UNKNOWN',
        exitCode: 64,
        says: '"emacs"',
        recorded: true,
      },
      {
        args: ['spawn', 'x', '--program', '--', './nowhere'],
        ...{ code: 'PROGRAM_MISSING', exitCode: 69, says: '"./nowhere"', recorded: true },
      },
      {
        args: ['spawn', 'x', '--program', '--', '/bin/cat'],
        ...{ code: 'PROGRAM_MISSING', exitCode: 69, says: 'tmux', env: { PATH: '/nowhere' }, recorded: true },
      },
      { args: ['spawn', 'x', '--program'], code: 'USAGE', exitCode: 64, says: '"--program"' },
      { args: ['spawn', 'x', '--model', 'gpt'], code: 'UNSUPPORTED', exitCode: 34, says: '--model' },
      { args: ['server', 'status', '--backend', 'tmux'], code: 'UNSUPPORTED', exitCode: 34 },
    )
  })

  it('is refused where neither OpenCode nor tmux is installed, with what each lacks', async () => {
    const folder = join(place.env.HOME as string, 'without')
    await mkdir(join(folder, 'orch'), { recursive: true })
    const config = { backends: { opencode: { command: '/nowhere/opencode' } } }
    await writeFile(join(folder, 'orch', 'config.json'), JSON.stringify(config))
    const env = { PATH: '/nowhere', ORCH_BACKEND: '', XDG_CONFIG_HOME: folder }
    for (const says of ['tmux: ', 'opencode: ', 'orch doctor']) {
      await expectRefused(place, { args: ['spawn', 'x'], code: 'BACKEND_MISSING', exitCode: 69, says, env })
    }
    expect(await place.orchWith({ env }, 'doctor')).toMatchObject({ code: 69, stderr: '' })
  })
})

describe('a broken configuration', () => {
  const configs: readonly (readonly [text: string, key: string])[] = [
    ['{', 'not JSON'],
    ['[]', 'config.json'],
    ['{ "colour": true }', '"colour"'],
    ['{ "defaultBackend": 3 }', '"defaultBackend"'],
    ['{ "programs": { "x": { "args": [] } } }', '"programs.x'],
    ['{ "programs": { "x": { "command": "cat", "promptBy": "magic" } } }', '"programs.x.promptBy"'],
  ]

  it.each(configs)('%s is refused by every command, with file and key', async (text, key) => {
    const user = join(place.env.HOME as string, 'broken')
    await mkdir(join(user, 'orch'), { recursive: true })
    const userFile = join(user, 'orch', 'config.json')
    await writeFile(userFile, text)
    const refused = (args: string[], says: string, env = {}): Refusal => ({
      args,
      code: 'CONFIG_INVALID',
      exitCode: 78,
      says,
      env,
    })
    await expectRefused(place, refused(['status'], userFile, { XDG_CONFIG_HOME: user }))
    const file = await place.write('.orch/config.json', text)
    try {
      await expectRefused(
        place,
        refused(['status'], key),
        refused(['spawn', 'x'], file),
        refused(['check', 'single'], file),
      )
    } finally {
      await rm(file)
    }
  })

  it.each([
    ['{ "backends": { "tmux": { "columns": "wide" } } }', '"columns"'],
    ['{ "backends": { "tmux": { "columns": 3 } } }', '"columns"'],
    ['{ "backends": { "tmux": { "colour": 1 } } }', '"colour"'],
  ])('%s is refused by spawn, and status says it', async (text, says) => {
    const file = await place.write('.orch/config.json', text)
    try {
      await expectRefused(place, { args: ['spawn', 'x'], code: 'CONFIG_INVALID', exitCode: 78, says })
      expect(await place.json('status')).toMatchObject({
        complete: false,
        backends: expect.arrayContaining([expect.objectContaining({ name: 'tmux', ok: false })]),
      })
    } finally {
      await rm(file)
    }
  })
})
