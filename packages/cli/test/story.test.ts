import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type Called, callOrch } from './harness/call-orch.ts'
import { createPlace, type Place } from './harness/place.ts'

let place: Place
beforeEach(() => {
  place = createPlace()
})
afterEach(() => place.remove())

async function spawned(task: string, ...flags: string[]): Promise<string> {
  const { code, stdout, stderr } = await callOrch(place, ['spawn', task, ...flags])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.trim()
}

function document(called: Called): { readonly [key: string]: unknown } {
  expect(called.stderr).toBe('')
  return JSON.parse(called.stdout)
}

async function json(...words: string[]): Promise<{ code: number; [key: string]: unknown }> {
  const called = await callOrch(place, [...words, '--json'])
  return { code: called.code, ...document(called) }
}

describe('a whole story', () => {
  it('goes from spawn to complete', async () => {
    const id = await spawned('Fix it [[permission: npm test]] [[answer: all done]]')
    expect(await json('wait', id)).toMatchObject({ code: 23, outcome: 'waiting' })
    expect(await json('status', '--state', 'waiting', '--exit-code')).toMatchObject({ code: 23, agents: [{ id }] })
    expect(await json('answer', id)).toMatchObject({ code: 0, result: 'listed', requests: [{ kind: 'permission' }] })
    expect(await json('answer', id, '--allow')).toMatchObject({ code: 0, result: 'answered' })
    expect(await json('wait', id, '--until', 'idle')).toMatchObject({ code: 0, outcome: 'met' })
    expect(await json('wait', id)).toMatchObject({ code: 24, outcome: 'idle' })
    expect(await json('send', id, 'More [[answer: again]]')).toMatchObject({ code: 0, agent: id })
    const tail = await callOrch(place, ['tail', '-n', '1', '@last'])
    expect(tail).toMatchObject({ code: 0, stderr: '' })
    expect(await json('complete', id)).toMatchObject({ code: 40, results: [{ id, ok: false }] })
    expect(await json('phase', 'Complete', '--note', 'all of it', '--id', id)).toMatchObject({
      code: 0,
      phase: { name: 'Complete', note: 'all of it' },
    })
    expect(await json('wait', id)).toMatchObject({ code: 0, outcome: 'met' })
    expect(await json('complete', id, '--dry-run')).toMatchObject({ code: 0, dryRun: true, results: [{ ok: true }] })
    expect(await json('complete', id)).toMatchObject({ code: 0, results: [{ ok: true, stop: { proven: true } }] })
    expect(await json('status')).toMatchObject({ code: 0, agents: [] })
    expect(await json('status', '--ended')).toMatchObject({ code: 0, agents: [{ id, state: 'done' }] })
  })

  it('interrupts a turn and abandons the agent', async () => {
    const id = await spawned('Hang [[hang: thinking]]')
    expect(await json('wait', id, '--timeout', '1s', '--until', 'done')).toMatchObject({
      code: 124,
      outcome: 'timeout',
    })
    expect(await json('interrupt', id)).toMatchObject({ code: 0, interrupted: true })
    expect(await json('abandon', id)).toMatchObject({ code: 0, results: [{ ok: true }] })
  })

  it('follows an agent until its end', async () => {
    const id = await spawned('Fix it [[hang: thinking]]')
    const following = callOrch(place, ['tail', '-f', id])
    expect(await json('abandon', id)).toMatchObject({ code: 0 })
    const { code, stdout } = await following
    expect(code).toBe(0)
    expect(stdout).toMatch(/-- end: [^\n]+\n$/)
  })

  it('spawns once for one --key', async () => {
    const id = await spawned('Fix it [[answer: done]]', '--key', 'issue-12', '--name', 'fixer')
    expect(id).toMatch(/^fixer-/)
    expect(await callOrch(place, ['spawn', 'Fix it [[answer: done]]', '--key', 'issue-12'])).toEqual({
      code: 0,
      stdout: `${id}\n`,
      stderr: expect.stringMatching(`^orch: ${id} was there already, [a-z]+\n$`),
    })
  })
})

describe('texts', () => {
  it('takes a task from a file', async () => {
    const file = place.write('task.md', 'From a file [[answer: ok]]\n')
    expect(await json('spawn', '--file', file)).toMatchObject({
      agent: { task: expect.stringContaining('From a file') },
    })
  })

  it('takes a task that begins with a dash after --', async () => {
    const { code, stdout } = await callOrch(place, ['spawn', '--json', '--', '--force is broken [[answer: ok]]'])
    expect({ code, ...JSON.parse(stdout).agent }).toMatchObject({
      code: 0,
      task: expect.stringContaining('--force is broken'),
    })
  })

  it('takes a message from stdin only for -', async () => {
    const id = await spawned('Say hello [[answer: hello]]')
    const sent = await callOrch(place, ['send', id, '-'], { stdin: 'From stdin [[answer: again]]' })
    expect(sent).toMatchObject({ code: 0, stderr: '' })
    expect((await callOrch(place, ['tail', id])).stdout).toContain('> From stdin')
  })

  it('takes the words after --program -- as a command, flags and all', async () => {
    const refused = await callOrch(place, [
      '--json',
      'spawn',
      'x',
      '--without',
      '--program',
      '--',
      'my-agent',
      '--json',
    ])
    expect(JSON.parse(refused.stderr).error.message).toBe('Cannot run "orch spawn": it has no option "--without"')
    const { code, stdout } = await callOrch(place, [
      'spawn',
      'x [[answer: y]]',
      '--json',
      '--program',
      '--',
      'my-agent',
      '-f',
    ])
    expect({ code, ...JSON.parse(stdout).agent }).toMatchObject({ code: 0, program: 'my-agent' })
  })
})

describe('destructive commands', () => {
  it.each(['complete', 'abandon'])('%s wants the full id without a terminal', async (verb) => {
    const id = await spawned('Fix it [[answer: done]]')
    const refused = await callOrch(place, [verb, 'fix-it'])
    expect(refused).toEqual({ code: 64, stdout: '', stderr: expect.stringContaining(`"${id}"`) })
    const called = await callOrch(place, [verb, 'fix-it'], { terminal: true })
    expect(called.stdout).toContain(id)
  })
})

describe('an ambiguous prefix', () => {
  it('names the agents it may mean', async () => {
    const ids = [await spawned('Fix it [[answer: a]]'), await spawned('Fix it [[answer: b]]')]
    const called = await callOrch(place, ['check', 'fix-it'])
    expect(called).toMatchObject({ code: 64, stdout: '' })
    for (const id of ids) expect(called.stderr).toContain(id)
  })
})

describe('phase', () => {
  it('takes the id from ORCH_AGENT_ID and writes the page of the agent', async () => {
    const id = await spawned('Fix it [[answer: done]]')
    const called = await callOrch(place, ['phase', 'Testing'], { env: { ORCH_AGENT_ID: id } })
    expect(called).toEqual({ code: 0, stdout: `${id}: Testing\n`, stderr: '' })
    const page = readFileSync(join(place.project, '.orch', 'workspace', id, 'WORKSPACE.md'), 'utf8')
    expect(page).toContain('Testing')
  })

  it('never writes outside of the workspace', async () => {
    const called = await callOrch(place, ['phase', 'Testing', '--id', '../../evil'])
    expect(called).toMatchObject({ code: 66, stdout: '' })
    expect(existsSync(join(place.project, 'evil'))).toBe(false)
  })
})

describe('warnings', () => {
  it('are talk for people and part of the document for programs; --quiet leaves them out', async () => {
    const id = await spawned('Fix it [[answer: done]]')
    appendFileSync(join(place.env.XDG_STATE_HOME as string, 'orch', 'agents', `${id}.jsonl`), '\n{"half": ')
    const text = expect.stringContaining(id)
    expect(await json('status')).toMatchObject({ code: 0, warnings: [{ code: 'RECORD_LINE_SKIPPED', text }] })
    const plain = await callOrch(place, ['status'])
    expect(plain.stderr).toMatch(/^orch: The record of [^\n]+\n$/)
    expect(await callOrch(place, ['status', '--quiet'])).toEqual({ ...plain, stderr: '' })
  })
})
