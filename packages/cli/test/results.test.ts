import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { type Called, callOrch } from './harness/call-orch.ts'
import { createPlace, MEMORY_CONFIG, type Place } from './harness/place.ts'

let place: Place
afterEach(() => place.remove())

/** A project whose simulated agents have other knobs. */
function placeWith(knobs: object = {}): void {
  place = createPlace(configWith(knobs))
}

/** The same project with other knobs. */
function placeAgain(knobs: object): void {
  place.write('.orch/config.json', JSON.stringify(configWith(knobs)))
}

function configWith(knobs: object): object {
  return { ...MEMORY_CONFIG, backends: { memory: { ...MEMORY_CONFIG.backends.memory, ...knobs } } }
}

async function spawned(task: string): Promise<string> {
  const { code, stdout, stderr } = await callOrch(place, ['spawn', task])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.trim()
}

/** Runs a command whose result is not 0: its document is on stdout all the same. */
async function resultOf(...words: string[]): Promise<{ readonly code: number; readonly [key: string]: unknown }> {
  const { code, stdout, stderr } = await callOrch(place, [...words, '--json'])
  expect(stderr).toBe('')
  return { code, ...JSON.parse(stdout) }
}

function errorOf({ code, stdout, stderr }: Called): { readonly code: number; readonly error: string } {
  expect(stdout).toBe('')
  return { code, error: JSON.parse(stderr).error.code }
}

describe('spawn --key', () => {
  it('says that the agent was there, and whether its task is another; stdout stays the id', async () => {
    placeWith()
    const long = `Fix it [[answer: done]]\n${'x'.repeat(5000)}`
    const first = await callOrch(place, ['spawn', long, '--key', 'k'])
    const id = first.stdout.trim()
    await resultOf('wait', id)
    const same = await callOrch(place, ['spawn', long, '--key', 'k'])
    const there = `orch: ${id} was there already, idle\n`
    expect(same).toEqual({ code: 0, stdout: `${id}\n`, stderr: there })
    const other = await callOrch(place, ['spawn', 'Another task', '--key', 'k'])
    const differs = `orch: The task of ${id} is another one than the task given, which was not delivered\n`
    expect(other).toEqual({ code: 0, stdout: `${id}\n`, stderr: `${there}${differs}` })
    expect(await callOrch(place, ['spawn', 'Another task', '--key', 'k', '--quiet'])).toEqual({
      code: 0,
      stdout: `${id}\n`,
      stderr: '',
    })
    expect(await resultOf('spawn', 'Another task', '--key', 'k')).toMatchObject({
      created: false,
      warnings: [{ code: 'TASK_DIFFERS' }],
    })
  })
})

describe('wait', () => {
  it.each([
    ['[[error: the model failed]]', 20, 'failed'],
    ['[[exit: 3]]', 20, 'failed'],
    ['[[exit: 0]]', 22, 'exited'],
    ['[[question: which | a | b]]', 23, 'waiting'],
    ['[[answer: done]]', 24, 'idle'],
  ])('an agent that does %s gives %i', async (task, code, outcome) => {
    placeWith()
    const id = await spawned(`Do ${task}`)
    expect(await resultOf('wait', id)).toMatchObject({ code, outcome })
  })

  it('gives 25 when the record was closed by someone else', async () => {
    placeWith()
    const id = await spawned('Do [[answer: done]]')
    expect(await resultOf('abandon', id)).toMatchObject({ code: 0 })
    expect(await resultOf('wait', id)).toMatchObject({ code: 25, outcome: 'closed' })
  })

  it('gives the lowest code when several agents ended differently', async () => {
    placeWith()
    const idle = await spawned('Do [[answer: done]]')
    const failed = await spawned('Do [[exit: 3]]')
    expect(await resultOf('wait', idle, failed)).toMatchObject({ code: 20, outcome: 'failed' })
  })

  it('gives 34 for a state that the agent never shows', async () => {
    placeWith({ without: ['turns'] })
    const id = await spawned('Do [[hang: it]]')
    expect(errorOf(await callOrch(place, ['wait', id, '--until', 'idle', '--json']))).toEqual({
      code: 34,
      error: 'UNSUPPORTED',
    })
  })
})

describe('send', () => {
  it('gives 30 while the agent waits on a request, and 0 with --force', async () => {
    placeWith()
    const id = await spawned('Do [[permission: npm test]]')
    expect(await resultOf('send', id, 'Go on')).toMatchObject({ code: 30, receipt: { delivery: 'refused' } })
    expect(await resultOf('send', id, 'Go on', '--force')).toMatchObject({ code: 0 })
  })

  it('gives 31 when the server broke off: nobody knows whether it arrived', async () => {
    placeWith()
    const id = await spawned('Do [[answer: done]]')
    placeAgain({ crash: { at: 'send:after', how: 'reject' } })
    expect(await resultOf('send', id, 'More')).toMatchObject({
      code: 31,
      receipt: { delivery: 'unconfirmed', reason: { code: 'BACKEND_ERROR' } },
    })
  })
})

describe('send --attach and spawn --attach', () => {
  it('take several files, each from where the command is run', async () => {
    placeWith()
    const [one, two] = [place.write('one.txt', '1'), place.write('two.txt', '2')]
    const first = { path: one, mime: 'text/plain', name: 'one.txt' }
    const made = await resultOf('spawn', 'Look [[answer: seen]]', '--attach', one)
    expect(made).toMatchObject({ code: 0, attachments: [first] })
    const { id } = made.agent as { id: string }
    expect(await resultOf('send', id, 'And', '--attach', one, '--attach', two)).toMatchObject({
      code: 0,
      attachments: [first, { path: two, name: 'two.txt' }],
    })
  })

  it('belong to the task that a key stands for', async () => {
    placeWith()
    const line = ['spawn', 'Look [[answer: seen]]', '--key', 'k', '--attach', place.write('one.txt', '1')]
    await resultOf(...line)
    expect(await resultOf(...line)).toMatchObject({ created: false, warnings: [] })
    const other = await resultOf(...line, '--attach', place.write('two.txt', '2'))
    expect(other).toMatchObject({
      created: false,
      warnings: [{ code: 'TASK_DIFFERS' }],
      attachments: [{ name: 'one.txt' }],
    })
  })

  it('give 66 for a file that is not there, and 34 for an agent that takes none', async () => {
    placeWith({ without: ['attachments'] })
    const id = await spawned('Do [[answer: done]]')
    const file = place.write('one.txt', '1')
    const sent = await callOrch(place, ['send', id, 'x', '--attach', file, '--json'])
    expect(errorOf(sent)).toEqual({ code: 34, error: 'UNSUPPORTED' })
    placeAgain({})
    const gone = await callOrch(place, ['send', id, 'x', '--attach', `${file}.gone`, '--json'])
    expect(errorOf(gone)).toEqual({ code: 66, error: 'FILE_NOT_FOUND' })
  })
})

describe('send --when idle', () => {
  it('keeps the message for whichever command sees the agent idle, and says so', async () => {
    placeWith()
    const id = await spawned('Do [[permission: npm test]]')
    const { code, stdout } = await callOrch(place, ['send', id, 'Then the docs [[answer: written]]', '--when', 'idle'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\S+ {2}queued {2}It waits until the agent is idle, which some orch process must see/)
    expect((await callOrch(place, ['status'])).stdout).toContain('(1 message for when it is idle)')
    expect((await callOrch(place, ['check', id])).stdout).toMatch(/^waits for idle since \d+s {2}Then the docs/m)
    expect(await resultOf('complete', id, '--dry-run')).toMatchObject({ code: 40 })
    expect(await resultOf('answer', id, '--allow')).toMatchObject({ code: 0 })
    expect(await resultOf('wait', id, '--until', 'idle')).toMatchObject({ code: 0, agents: [{ agent: { queued: 0 } }] })
    expect((await callOrch(place, ['tail', id, '-n', '1'])).stdout).toBe('written\n')
  })

  it('takes no other moment, and is not for an agent that does not show its turns', async () => {
    placeWith({ without: ['turns'] })
    const id = await spawned('Do [[hang: it]]')
    const error = (code: number, name: string): object => ({ code, error: name })
    expect(errorOf(await callOrch(place, ['send', id, 'x', '--when', 'done', '--json']))).toEqual(error(64, 'USAGE'))
    expect(errorOf(await callOrch(place, ['send', id, 'x', '--when', 'idle', '--json']))).toEqual(
      error(34, 'UNSUPPORTED'),
    )
  })
})

describe('send --wait', () => {
  it('prints exactly the final answer to this message, and nothing on stderr', async () => {
    placeWith()
    const id = await spawned('Do [[answer: the turn before]]')
    const called = await callOrch(place, [
      'send',
      id,
      'Is it? [[answer: no]] [[tool: bash | ls | x]] [[answer: yes]]',
      '--wait',
    ])
    expect(called).toEqual({ code: 0, stdout: 'yes\n', stderr: '' })
    expect(await resultOf('send', id, 'And? [[answer: more]]', '--wait')).toMatchObject({
      code: 0,
      outcome: 'met',
      answer: { text: 'more', usage: { outputTokens: 1 } },
      receipt: { delivery: 'confirmed' },
    })
  })

  it.each([
    ['[[error: no]]', 20, 'failed'],
    ['[[exit: 0]]', 22, 'exited'],
    ['[[permission: npm test]]', 23, 'waiting'],
    ['[[hang: on]]', 124, 'timeout'],
  ])('to an agent that does %s gives %i, the receipt still there', async (text, code, outcome) => {
    placeWith()
    const id = await spawned('Do [[answer: the turn before]]')
    expect(await resultOf('send', id, text, '--wait', '--timeout', '1s')).toMatchObject({
      code,
      outcome,
      answer: null,
      receipt: { delivery: 'confirmed', messageId: expect.any(String) },
    })
    if (code === 124) return
    const plain = await callOrch(place, ['send', id, text, '--wait', '--force'])
    expect(plain).toMatchObject({ stdout: '', stderr: expect.stringContaining(`orch check ${id}`) })
  })

  it('gives 30 for what was refused, and prints nothing on stdout', async () => {
    placeWith()
    const id = await spawned('Do [[permission: npm test]]')
    expect(await callOrch(place, ['send', id, 'Go on', '--wait'])).toMatchObject({ code: 30, stdout: '' })
  })

  it('gives 34, before anything is sent, for an agent that does not show its turns', async () => {
    placeWith({ without: ['turns'] })
    const id = await spawned('Do [[answer: done]]')
    expect(errorOf(await callOrch(place, ['send', id, 'More', '--wait', '--json']))).toEqual({
      code: 34,
      error: 'UNSUPPORTED',
    })
    const { stdout } = await callOrch(place, ['tail', id])
    expect(stdout).not.toContain('More')
  })

  it('gives 64 for --timeout alone', async () => {
    placeWith()
    const id = await spawned('Do [[answer: done]]')
    expect(errorOf(await callOrch(place, ['send', id, 'More', '--timeout', '1s', '--json']))).toEqual({
      code: 64,
      error: 'USAGE',
    })
  })
})

describe('spawn --wait', () => {
  it('prints exactly the final answer; the id is talk', async () => {
    placeWith()
    const { code, stdout, stderr } = await callOrch(place, ['spawn', 'Count [[answer: forty two]]', '--wait'])
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'forty two\n',
      stderr: expect.stringMatching(/^count-\S+\n$/),
    })
  })

  it.each([
    ['[[error: no]]', 20, 'failed'],
    ['[[question: which | a | b]]', 23, 'waiting'],
  ])('of an agent that does %s gives %i', async (task, code, outcome) => {
    placeWith()
    expect(await resultOf('spawn', `Do ${task}`, '--wait')).toMatchObject({
      code,
      outcome,
      answer: null,
      created: true,
    })
  })

  it('gives 34 and makes no agent where turns are not shown', async () => {
    placeWith({ without: ['turns'] })
    expect(errorOf(await callOrch(place, ['spawn', 'Do it', '--wait', '--json']))).toMatchObject({ code: 34 })
    expect(await resultOf('status')).toMatchObject({ agents: [] })
  })
})

describe('resume', () => {
  it('gives 0 when the agent goes on, 30 when there is nothing to resume, 45 for some of each', async () => {
    placeWith()
    const id = await spawned('Do [[answer: half]]')
    expect(await resultOf('resume', id, '--dry-run')).toMatchObject({ code: 0, dryRun: true })
    expect(await resultOf('resume', id, '-m', 'On [[hang: a]]')).toMatchObject({ code: 0, results: [{ ok: true }] })
    expect(await resultOf('resume', id)).toMatchObject({ code: 30, results: [{ ok: false }] })
    const other = await spawned('Do [[answer: half]]')
    expect(await resultOf('resume', id, other)).toMatchObject({ code: 45 })
    expect(await callOrch(place, ['resume', id])).toMatchObject({
      code: 30,
      stdout: expect.stringContaining('refused'),
    })
  })
})

describe('answer', () => {
  it('gives 33 when several requests are open, and answers the one of --request', async () => {
    placeWith()
    const id = await spawned('Do [[permission: npm test]] [[answer: done]]')
    appendFileSync(join(place.project, '.orch', 'workspace', id, 'WORKSPACE.md'), '\nQUESTION: Which database?\n')
    expect(errorOf(await callOrch(place, ['answer', id, '--allow', '--json']))).toEqual({
      code: 33,
      error: 'REQUEST_AMBIGUOUS',
    })
    const { requests } = await resultOf('answer', id)
    const [permission] = (requests as { id: string; kind: string }[]).filter(({ kind }) => kind === 'permission')
    const one = ['answer', id, '--allow', '--request', permission?.id ?? '']
    expect(await resultOf(...one)).toMatchObject({ code: 0, result: 'answered' })
    expect(await resultOf(...one)).toMatchObject({ code: 32, result: 'already' })
  })

  it('answers a question of the page with a message', async () => {
    placeWith()
    const id = await spawned('Do [[answer: done]]')
    appendFileSync(join(place.project, '.orch', 'workspace', id, 'WORKSPACE.md'), '\nQUESTION: Which database?\n')
    expect(await resultOf('answer', id, 'PostgreSQL')).toMatchObject({ code: 0, result: 'answered', receipt: {} })
  })

  it('gives 64 for a choice that the request does not offer', async () => {
    placeWith()
    const id = await spawned('Do [[question: which | a | b]]')
    expect(errorOf(await callOrch(place, ['answer', id, '--allow', '--json']))).toEqual({
      code: 64,
      error: 'CHOICE_UNKNOWN',
    })
  })
})

describe('complete', () => {
  it('gives 45 when some agents were completed and some were not', async () => {
    placeWith()
    const done = await spawned('Do [[answer: done]]')
    const open = await spawned('Do [[answer: done]]')
    await resultOf('phase', 'Complete', '--id', done)
    expect(await resultOf('complete', done, open)).toMatchObject({ code: 45, results: [{ ok: true }, { ok: false }] })
    expect(await resultOf('complete', open, '--force')).toMatchObject({ code: 0 })
  })
})

describe('status --exit-code', () => {
  it.each([
    ['[[error: no]]', 20],
    ['[[exit: 0]]', 22],
    ['[[permission: npm test]]', 23],
    ['[[hang: on]]', 0],
  ])('an agent that does %s gives %i', async (task, code) => {
    placeWith()
    await spawned(`Do ${task}`)
    expect(await resultOf('status', '--exit-code')).toMatchObject({ code })
    expect(await resultOf('status')).toMatchObject({ code: 0 })
  })

  it('gives 69 for a partial list, and the list says so', async () => {
    placeWith()
    const id = await spawned('Do [[hang: on]]')
    placeAgain({ crash: { at: 'observe:before', how: 'reject' } })
    expect(await resultOf('status', '--exit-code')).toMatchObject({
      code: 69,
      complete: false,
      agents: [{ id, state: 'unknown' }],
    })
  })
})

describe('orch recover', () => {
  it('gives 65 for a record that cannot be read, and status names no backend for it', async () => {
    placeWith()
    await spawned('Do [[hang: on]]')
    const file = join(place.env.XDG_STATE_HOME ?? '', 'orch/agents/ruined-7k3q.jsonl')
    writeFileSync(file, 'garbage')
    expect(await resultOf('recover')).toMatchObject({ code: 65, complete: false, findings: [{ kind: 'record' }] })
    const { stdout, stderr } = await callOrch(place, ['status'])
    expect(stdout).toMatch(/^This list is partial: a record cannot be read\nAGENT /)
    expect(stderr).toContain(`(look at "${file}"; move it away to forget the agent)`)
  })
})

describe('an error that nobody expected', () => {
  it('exits with 1, asks for a report, and shows the stack only under ORCH_DEBUG=1', async () => {
    place = createPlace({ defaultBackend: 'bad', backends: { bad: { module: './bad.mjs' } } })
    const throws = '{ capabilitiesOf: () => { throw new Error("boom\\u001b[2J") }, close: async () => {} }'
    place.write('.orch/bad.mjs', `export const apiVersion = 1\nexport const createBackend = () => () => (${throws})\n`)
    const plain = await callOrch(place, ['spawn', 'x'])
    expect(plain).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'orch: Cannot go on: Error: boom\n  → Please report it, with what the same command prints under ORCH_DEBUG=1\n',
    })
    const debug = await callOrch(place, ['spawn', 'x'], { env: { ORCH_DEBUG: '1' } })
    expect(debug.stderr).toContain('bad.mjs')
  })
})

it('closes the backends that it opened', async () => {
  place = createPlace({ backends: { near: { module: './near.mjs' } } })
  const lines = [
    "import { writeFileSync } from 'node:fs'",
    'export const apiVersion = 1',
    `const close = async () => writeFileSync(${JSON.stringify(join(place.folder, 'closed'))}, '')`,
    'const probe = async () => ({ ok: true, version: null, epoch: null, error: null, startable: true, checks: [] })',
    'export const createBackend = () => () => ({ name: "near", target: null, probe, close })',
  ]
  place.write('.orch/near.mjs', lines.join('\n'))
  expect(await resultOf('doctor')).toMatchObject({ code: 0, ok: true })
  expect(existsSync(join(place.folder, 'closed'))).toBe(true)
})

describe('colours', () => {
  it('are there on a terminal, and not with NO_COLOR', async () => {
    placeWith()
    await spawned('Do [[hang: on]]')
    expect((await callOrch(place, ['status'], { terminal: true })).stdout).toContain('\x1b[')
    const plain = await callOrch(place, ['status'], { terminal: true, env: { NO_COLOR: '1' } })
    expect(plain.stdout).not.toContain('\x1b')
  })
})
