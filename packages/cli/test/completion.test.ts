import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { SCRIPTS } from '../src/completion/scripts.ts'
import { callOrch } from './harness/call-orch.ts'
import { BIN } from './harness/loaded-packages.ts'
import { createPlace, MEMORY_CONFIG, type Place } from './harness/place.ts'

const run = promisify(execFile)
const CONFIG = {
  ...MEMORY_CONFIG,
  models: { fast: 'some/model' },
  programs: { reviewer: { command: 'x' } },
}

let place: Place
let id: string
beforeAll(async () => {
  place = createPlace(CONFIG)
  id = (await callOrch(place, ['spawn', 'Fix the\tlogin\x1b[2J\nnow', '--name', 'fix-login'])).stdout.trim()
})
afterAll(() => place.remove())

async function completed(line: string, at: Place | null = place): Promise<string[]> {
  const { code, stdout, stderr } = await callOrch(at, ['completion', 'bash', '--', ...line.split(' ')])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.split('\n').slice(0, -1)
}
const words = async (line: string): Promise<string[]> => (await completed(line)).map((one) => one.split('\t')[0] ?? '')

describe('orch completion', () => {
  it.each([
    ['sta', ['status']],
    ['help exit', ['exit-codes']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['status --watc', ['--watch']],
    ['status --watch --watc', []],
    ['status --state wor', ['working']],
    ['status --state idle,wor', ['idle,working']],
    ['wait --until=do', ['--until=done']],
    ['server sto', ['stop']],
    ['config un', ['unset']],
    ['config get models.', ['models.fast']],
    ['config set limits.d', ['limits.depth']],
    ['config set defaultBackend mem', ['memory']],
    ['config list ', []],
    ['spawn x --backend mem', ['memory']],
    ['spawn x --model f', ['fast']],
    ['spawn x --program rev', ['reviewer']],
    ['spawn --file x', [':files']],
    ['-C x', [':directories']],
    ['spawn ', []],
    ['nonsense ', []],
    ['spawn --program -- st', []],
    ['check @', ['@last']],
  ])('knows what may follow "%s"', async (line, expected) => {
    expect(await words(line)).toEqual(expected)
  })

  it('knows the agents of the project, with their tasks, and one is not offered twice', async () => {
    expect(await completed('check fix')).toEqual([`${id}\tFix the login now`])
    expect(await words(`wait ${id} fix`)).toEqual([])
    expect(await words('check ')).toEqual([id, '@last'])
  })

  it('keeps projects apart by their exact paths, and follows links', async () => {
    const near = `${place.project}c`
    mkdirSync(join(near, '.orch'), { recursive: true })
    const link = join(place.folder, 'link')
    symlinkSync(place.project, link)
    const at = { ...place, project: near }
    expect(await completed('check fix', at)).toEqual([])
    expect(await completed('check -A fix', at)).toHaveLength(1)
    expect(await completed(`-C ${link} check fix`, at)).toHaveLength(1)
  })

  it('offers nothing where nothing can be looked up, and says no word', async () => {
    const broken = createPlace({ nonsense: 1 })
    expect(await completed('check ', broken)).toEqual(['@last\tthe newest'])
    expect(await completed('sta', broken)).toHaveLength(1)
    expect(await completed('-C /nowhere check fix', broken)).toEqual([])
    broken.remove()
  })
})

const SET_UP = {
  bash: ['bash', '--norc', '--noprofile', '-i'],
  zsh: ['zsh', '-f', '-i'],
  fish: ['fish', '--no-config', '-i'],
} as const
const LEARN = {
  bash: 'eval "$(orch completion bash)"',
  zsh: 'autoload -Uz compinit; compinit -u; eval "$(orch completion zsh)"',
  fish: 'orch completion fish | source',
} as const

describe.each(['bash', 'zsh', 'fish'] as const)('the real %s', (shell) => {
  const isThere = spawnSync(shell, ['-c', 'true']).status === 0
  if (!isThere) process.stderr.write(`SKIPPED: completion in ${shell}: it is not installed\n`)
  const tmux = async (...args: readonly string[]): Promise<string> => {
    const socket = join(place.folder, `${shell}.sock`)
    return (await run('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env: place.env })).stdout
  }
  afterEach(async () => {
    if (isThere) await tmux('kill-server').catch(() => {})
  })

  it('reads its script', () => {
    const file = place.write(`script.${shell}`, SCRIPTS[shell])
    if (isThere) expect(spawnSync(shell, ['-n', file])).toMatchObject({ status: 0 })
    expect(SCRIPTS[shell]).toContain(`completion ${shell} -- `)
  })

  const there = isThere ? it : (text: string, _: () => Promise<void>) => it(`SKIPPED: ${text}`, () => {})
  there('completes verbs, flags, values and ids', async () => {
    const programs = join(place.folder, `bin-${shell}`)
    mkdirSync(programs)
    symlinkSync(BIN, join(programs, 'orch'))
    const env = { ...place.env, TERM: 'screen', PATH: `${programs}:${place.env.PATH}` }
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const start = ['env', '-i', ...variables, ...SET_UP[shell]]
    await tmux('new-session', '-d', '-x', '200', '-y', '50', '-c', place.project, ...start)
    const shows = (text: string): Promise<true> =>
      eventually(async () => {
        expect(await tmux('capture-pane', '-p')).toContain(text)
        return true as const
      })
    const type = (text: string): Promise<string> => tmux('send-keys', '-l', text)
    await type(`${LEARN[shell]}; printf 'rea%s\\n' dy`)
    await tmux('send-keys', 'Enter')
    await shows('\nready')
    for (const [typed, whole] of [
      ['orch sta', 'orch status'],
      ['orch status --watc', 'orch status --watch'],
      ['orch wait --until=wor', 'orch wait --until=working'],
      ['orch status --state idle,wor', 'orch status --state idle,working'],
      ['orch check fix', `orch check ${id}`],
      ['orch check @la', 'orch check @last'],
      ['orch spawn --file .orch/con', 'orch spawn --file .orch/config.json'],
    ] as const) {
      await type(typed)
      await tmux('send-keys', 'Tab')
      await shows(whole)
      // Unlike C-c it is no signal, which a busy terminal may lose and which takes with it what is typed next.
      await tmux('send-keys', 'C-u')
      await eventually(async () => /[#$%>]$/.test((await tmux('capture-pane', '-p')).trimEnd()), { what: 'the prompt' })
    }
  })
})
