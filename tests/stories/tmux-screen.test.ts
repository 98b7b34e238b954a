import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { TailLine } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { orchProgram } from '../harness/orch.ts'
import { perTest } from '../harness/scope.ts'
import { type Place, tmuxPlace } from './support/place.ts'

const scope = perTest()
const run = promisify(execFile)
let place: Place

beforeEach(async () => {
  place = await scope.use(tmuxPlace())
})

/** Prints what would take over a terminal, between words in red and bold. */
const hostile = [
  ...['\\033]52;c;cHduZWQ=\\007', '\\033]0;PWNED\\007', '\\033P+q544e\\033\\\\', '\\033[2J\\033[3;3H'],
  ...[
    '\\033[31mred\\033[0m',
    '\\033[6n',
    '\\033[1mbold\\033[0m',
    '\\033]8;;http://evil\\033\\\\link\\033]8;;\\033\\\\',
  ],
].join(' ')

/** An agent whose program runs a script, and is given no task. */
async function agentOf(script: string): Promise<string> {
  const drawer = { command: 'sh', args: ['-c', script], promptBy: 'none' }
  await place.write('.orch/config.json', JSON.stringify({ programs: { drawer } }))
  return await place.spawn('Task', '--program', 'drawer')
}

async function agentThatPrints(text: string): Promise<string> {
  const id = await agentOf(`stty -echo; printf '${text}'; cat`)
  await eventually(async () => (await place.orch('tail', '--screen', id)).stdout.includes('link'), {
    what: 'the screen',
  })
  return id
}

/** What a command writes to a terminal, every byte of it. */
async function onTerminal(env: Record<string, string>, ...args: readonly string[]): Promise<string> {
  const words = [process.execPath, orchProgram, ...args].map((word) => `'${word}'`).join(' ')
  const { stdout } = await run('script', ['-qec', words, '/dev/null'], {
    cwd: place.project,
    env: { ...place.env, ...env },
  })
  return stdout.replaceAll('\r\n', '\n')
}

const controls = /(?![\n\t])[\p{Cc}]/u
const esc = '\u001b'
const looks = new RegExp(`${esc}\\[[\\d;]*m`)
const plain = /^\n\n +red +bold +link\n$/

describe('tail --screen', () => {
  it('shows what the window shows, in colours on a terminal alone, and nothing else that acts on it', async () => {
    const id = await agentThatPrints(hostile)
    const { code, stdout } = await place.orch('tail', '--screen', id)
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(plain) })
    expect(await onTerminal({ NO_COLOR: '1' }, 'tail', '--screen', id)).toMatch(plain)
    const seen = await onTerminal({}, 'tail', '--screen', id)
    expect(seen).toContain('\u001b[31mred')
    expect(seen).toContain('\u001b[1mbold')
    const withoutColors = seen.split(looks).join('')
    expect(withoutColors).toMatch(plain)
    expect(withoutColors).not.toMatch(controls)
  })

  it('with --json gives each row as an item', async () => {
    const id = await agentThatPrints('first\\n\\033[31mlink')
    const { stdout } = await place.orch('tail', '--screen', '--json', id)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TailLine)
    expect(lines).toMatchObject([
      { type: 'item', cursor: null, item: { kind: 'screen', text: 'first', at: expect.any(String) } },
      { type: 'item', cursor: null, item: { kind: 'screen', text: 'link' } },
    ])
    expect((await place.orch('tail', '--screen', '-n', '1', id)).stdout).toBe('link\n')
  })

  it.each([['-f'], ['--since', 'x']])('is not followed: %s is refused with what to do instead', async (...flags) => {
    const id = await agentThatPrints('link')
    expect(await place.orch('tail', '--screen', ...flags, id)).toMatchObject({
      code: 34,
      stdout: '',
      stderr: expect.stringContaining(`orch attach --read-only ${id}`),
    })
  })
})

describe('tail of a program that draws on the whole window', () => {
  it('says so and shows the window, and after its end its text', async () => {
    await place.write('text', 'seen in vim\n')
    const id = await agentOf('echo begun; vi text; echo over')
    const isSeen = async (): Promise<boolean> =>
      (await place.orch('tail', '-n', '50', id)).stdout.includes('seen in vim')
    await eventually(isSeen, { what: 'the window' })
    const { stdout } = await place.orch('tail', '-n', '50', id)
    expect(stdout).toContain('draws on the whole window')
    expect(stdout).toMatch(/^seen in vim\n~\n~\n/m)
    await place.tmux.tmux('send-keys', '-t', `orch:=${id}`, ':q!', 'Enter')
    await place.json('wait', id, '--until', 'exited', '--timeout', '10s')
    expect((await place.orch('tail', id)).stdout).toBe('begun\nover\n')
  })
})
