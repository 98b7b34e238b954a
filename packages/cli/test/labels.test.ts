import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { treeOf } from '../src/render/tree.ts'
import { type Called, callOrch } from './harness/call-orch.ts'
import { agentWith } from './harness/documents.ts'
import { createPlace, type Place } from './harness/place.ts'

let place: Place
beforeEach(() => {
  place = createPlace()
})
afterEach(() => place.remove())

async function spawned(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await callOrch(place, ['spawn', ...words])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.trim()
}

async function documentOf(...words: string[]): Promise<{ readonly code: number; readonly [key: string]: unknown }> {
  const { code, stdout, stderr } = await callOrch(place, [...words, '--json'])
  expect(stderr).toBe('')
  return { code, ...JSON.parse(stdout) }
}

function errorOf({ code, stdout, stderr }: Called): object {
  expect(stdout).toBe('')
  return { code, ...JSON.parse(stderr).error }
}

describe('a selector', () => {
  it('stands in the place of the agent of every command', async () => {
    const id = await spawned('One [[question: Which? | a | b]]', '--label', 'team=api')
    await spawned('Two', '--label', 'team=web', '--label', 'urgent=')
    expect(await documentOf('status', '-l', 'team=api')).toMatchObject({ agents: [{ id, labels: { team: 'api' } }] })
    expect(await documentOf('check', '-l', 'team=api')).toMatchObject({ agent: { id } })
    expect(await documentOf('answer', '-l', 'team=api')).toMatchObject({ agent: id, result: 'listed' })
    expect(await documentOf('answer', '-l', 'team=api', 'a')).toMatchObject({ agent: id, result: 'answered' })
    expect(await documentOf('wait', '-l', '!urgent', '--until', 'idle')).toMatchObject({ code: 0, agents: [{}] })
    expect(await documentOf('send', '-l', 'team=api', 'More')).toMatchObject({ code: 0, agent: id })
    expect(await documentOf('interrupt', '-l', 'team=api')).toMatchObject({ agent: { id } })
    expect((await callOrch(place, ['tail', '-l', 'team=api'])).code).toBe(0)
    expect(await documentOf('resume', '-l', 'team=api', '--dry-run')).toMatchObject({ results: [{ id }] })
    expect(await documentOf('complete', '-l', 'team=api', '--dry-run')).toMatchObject({ results: [{ id }] })
  })

  it('says in the document, and beside a stream, which records it passed over', async () => {
    await spawned('One', '--label', 'team=api')
    writeFileSync(join(place.env.XDG_STATE_HOME as string, 'orch', 'agents', 'broken-7k3q.jsonl'), 'cut')
    const warning = { code: 'RECORD_CORRUPT', text: expect.stringContaining('broken-7k3q') }
    for (const verb of ['status', 'check', 'history', 'resume', 'interrupt'])
      expect([verb, await documentOf(verb, '-l', 'team=api')]).toEqual([
        verb,
        expect.objectContaining({ warnings: [warning] }),
      ])
    for (const verb of ['check', 'tail'])
      expect((await callOrch(place, [verb, '-l', 'team=api'])).stderr).toMatch(
        /^orch: Cannot read the record of "broken-7k3q"/m,
      )
  })

  it('of a command that ends agents needs a terminal: without one it names what it finds', async () => {
    const id = await spawned('One', '--label', 'team=api')
    for (const verb of ['complete', 'abandon']) {
      const refused = errorOf(await callOrch(place, [verb, '-l', 'team=api', '--json']))
      expect(refused).toMatchObject({
        code: 'FULL_ID_REQUIRED',
        exitCode: 64,
        hint: `If you mean that agent, name "${id}"`,
      })
    }
    const { code, stdout } = await callOrch(place, ['abandon', '-l', 'team=api'], { terminal: true })
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('abandoned') })
  })

  it('that matches nothing, several where one is meant, or stands beside a name is said', async () => {
    await spawned('One', '--label', 'team=api')
    await spawned('Two', '--label', 'team=api')
    const error = async (...words: string[]): Promise<object> => errorOf(await callOrch(place, [...words, '--json']))
    expect(await error('wait', '-l', 'team=none')).toMatchObject({ code: 'AGENT_NOT_FOUND', exitCode: 66 })
    expect(await error('send', '-l', 'team=api', 'x')).toMatchObject({ code: 'AGENT_AMBIGUOUS', exitCode: 64 })
    expect(await error('check', 'one', '-l', 'team')).toMatchObject({ code: 'USAGE', exitCode: 64 })
    expect(await error('send', 'one', 'x', '-l', 'team')).toMatchObject({ code: 'USAGE', exitCode: 64 })
    expect(await error('wait', '-l', 'team in (a)')).toMatchObject({ code: 'USAGE', exitCode: 64 })
    expect(await error('wait')).toMatchObject({ code: 'USAGE', exitCode: 64 })
    expect(await error('spawn', 'x', '--label', 'team')).toMatchObject({ code: 'USAGE', exitCode: 64 })
  })
})

describe('label', () => {
  it('changes one agent that is named, or all that are selected', async () => {
    const id = await spawned('One', '--label', 'team=api')
    const other = await spawned('Two', '--label', 'team=api')
    expect(await callOrch(place, ['label', id, 'urgent=yes', 'team-'])).toMatchObject({
      code: 0,
      stdout: `${id}  urgent=yes\n`,
    })
    expect(await documentOf('label', '-l', 'team', 'sprint=12', 'team-')).toMatchObject({
      results: [{ id: other, labels: { sprint: '12' } }],
    })
    expect(await callOrch(place, ['label', other])).toMatchObject({ code: 0, stdout: `${other}  sprint=12\n` })
    expect(errorOf(await callOrch(place, ['label', id, 'a b', '--json']))).toMatchObject({ code: 'USAGE' })
    expect(await callOrch(place, ['label', '--json'])).toMatchObject({ code: 64 })
  })
})

describe('status --tree', () => {
  it('shows each agent below the one that started it', async () => {
    const root = await spawned('Root')
    const child = await spawned('Child', '--parent', root)
    const { stdout } = await callOrch(place, ['status', '--tree'])
    expect(stdout.split('\n').map((line) => line.split('  ')[0])).toEqual(['AGENT', root, `└─ ${child}`, ''])
  })

  it('keeps the order, takes the first generation that is there as roots, and loses nobody to a circle', () => {
    const ids = [
      ['a', null],
      ['b', 'a'],
      ['c', 'gone'],
      ['d', 'a'],
      ['e', 'b'],
      ['f', 'g'],
      ['g', 'f'],
    ] as const
    const agents = ids.map(([id, parent]) => agentWith({ id, parent }))
    expect(treeOf(agents).map(({ agent, prefix }) => `${prefix}${agent.id}`)).toEqual([
      'a',
      '├─ b',
      '│  └─ e',
      '└─ d',
      'c',
      'f',
      'g',
    ])
  })
})
