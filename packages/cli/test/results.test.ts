import { appendFileSync, existsSync } from 'node:fs'
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
