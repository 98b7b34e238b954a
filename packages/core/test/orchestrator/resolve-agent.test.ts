import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { resolveAgent, resolveAgents, resolveOneAgent } from '../../src/orchestrator/resolve-agent.ts'
import type { AgentRecord } from '../../src/registry/record.ts'
import { createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place
let orch: Orch

beforeEach(async () => {
  place = await createPlace(scope)
  orch = await place.open()
})

describe('resolveAgent()', () => {
  it.each([
    ['fix-login-7k3q', 'fix-login-7k3q'],
    ['fix-login', 'fix-login-7k3q'],
    ['fix-login-', 'fix-login-7k3q'],
    ['fix-logo', 'fix-logo-a2b3'],
    ['f', 'AGENT_AMBIGUOUS'],
    ['fix', 'AGENT_AMBIGUOUS'],
    ['fix-log', 'AGENT_AMBIGUOUS'],
    ['fix-login-7k3q-x', 'AGENT_NOT_FOUND'],
    ['nothing', 'AGENT_NOT_FOUND'],
  ])('finds that %s means %s', async (given, answer) => {
    await have('fix-login-7k3q', 'fix-logo-a2b3')
    expect(await resolveAgent(orch, given).catch((error) => error.code)).toBe(answer)
  })

  it('takes an exact id before a longer one that starts with it', async () => {
    await have('fix', 'fix-login-7k3q')
    expect(await resolveAgent(orch, 'fix')).toBe('fix')
  })

  it('names those that an ambiguous prefix matches', async () => {
    await have('fix-a', 'fix-b', 'fix-c', 'fix-d', 'fix-e', 'fix-f', 'fix-g')
    await expect(resolveAgent(orch, 'fix')).rejects.toMatchObject({
      code: 'AGENT_AMBIGUOUS',
      message: expect.stringContaining('7 agents match'),
      hint: 'Name one of "fix-a", "fix-b", "fix-c", "fix-d", "fix-e"',
    })
  })

  it('prefers open agents, and finds closed ones when no open one matches', async () => {
    await have('fix-old', 'fix-new')
    await close('fix-old')
    const said: unknown[] = []
    const onWarning = (warning: unknown): void => void said.push(warning)
    expect(await resolveAgent(orch, 'fix', { onWarning })).toBe('fix-new')
    const text = '"fix" was taken for "fix-new", which is open; it begins the closed agent "fix-old" too'
    expect(said).toEqual([{ code: 'CLOSED_ALSO_MATCH', text }])
    expect(await resolveAgent(orch, 'fix-n', { onWarning })).toBe('fix-new')
    expect(said).toHaveLength(1)
    expect(await resolveAgent(orch, 'fix-o')).toBe('fix-old')
    expect(await resolveAgent(orch, 'fix-old')).toBe('fix-old')
  })

  it('finds the newest agent of this project as @last', async () => {
    await expect(resolveAgent(orch, '@last')).rejects.toMatchObject({
      code: 'AGENT_NOT_FOUND',
      hint: expect.any(String),
    })
    await have('one', 'two', 'three')
    expect(await resolveAgent(orch, '@last')).toBe('three')
    await close('three')
    expect(await resolveAgent(orch, '@last')).toBe('two')
    await close('one')
    await close('two')
    expect(await resolveAgent(orch, '@last')).toBe('three')
    const other = join(place.folder, 'other')
    mkdirSync(other)
    await expect(resolveAgent(await place.open({ directory: other }), '@last')).rejects.toMatchObject({
      code: 'AGENT_NOT_FOUND',
    })
  })

  it('wants the full id where it has to be exact, and names it', async () => {
    await have('fix-login-7k3q')
    expect(await resolveAgent(orch, 'fix-login-7k3q', { exact: true })).toBe('fix-login-7k3q')
    for (const given of ['fix', '@last']) {
      await expect(resolveAgent(orch, given, { exact: true })).rejects.toMatchObject({
        code: 'FULL_ID_REQUIRED',
        hint: expect.stringContaining('"fix-login-7k3q"'),
      })
    }
  })

  it.each([
    '',
    '.',
    '..',
    '../',
    '../fix',
    '/etc/passwd',
    '-',
    '--',
    '@',
    '@first',
    'FIX',
    'fi x',
    'fix\n',
    'f*',
    '.jsonl',
    'fix\0',
  ])('finds nothing for %j', async (given) => {
    await have('fix-login-7k3q')
    await expect(resolveAgent(orch, given)).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND', hint: expect.any(String) })
  })
})

describe('resolveAgents()', () => {
  beforeEach(async () => {
    await create({ id: 'first-a', labels: { team: 'api', urgent: '' }, spawnedAt: at(1) })
    await create({ id: 'second-b', labels: { team: 'api' }, spawnedAt: at(2) })
    await create({ id: 'third-c', labels: { team: 'web' }, spawnedAt: at(3) })
    await create({ id: 'elsewhere-d', labels: { team: 'api' }, project: '/elsewhere', spawnedAt: at(4) })
  })

  it('finds all that are named, each once', async () => {
    expect(await resolveAgents(orch, { names: ['second', 'first', 'first-a'] })).toEqual(['second-b', 'first-a'])
    await expect(resolveAgents(orch, { names: ['first', 'x'] })).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
  })

  it('finds the open ones of this project whose labels match, the oldest first', async () => {
    expect(await resolveAgents(orch, { selectors: ['team=api'] })).toEqual(['first-a', 'second-b'])
    expect(await resolveAgents(orch, { selectors: ['team!=api'] })).toEqual(['third-c'])
    expect(await resolveAgents(orch, { selectors: ['team=api', '!urgent'] })).toEqual(['second-b'])
    await close('first-a')
    expect(await resolveAgents(orch, { selectors: ['team=api'] })).toEqual(['second-b'])
    expect(await resolveAgents(orch, { selectors: ['team=api'], allProjects: true })).toEqual([
      'second-b',
      'elsewhere-d',
    ])
  })

  it('says that nothing matches', async () => {
    await expect(resolveAgents(orch, { selectors: ['team=none'] })).rejects.toMatchObject({
      code: 'AGENT_NOT_FOUND',
      message: 'Cannot find an agent with "team=none": none of the 3 open agents of this project matches',
    })
  })

  it('tells of records that may be meant too and cannot be read or trusted, with @last as well', async () => {
    const told: unknown[] = []
    const onWarning = (warning: unknown): unknown => told.push(warning)
    writeFileSync(place.recordFile('broken-7k3q'), 'cut')
    const lost = { v: 1, uid: 'x', base: 7, at: at(9), type: 'labels', set: { labels: { team: 'api' } } }
    appendFileSync(place.recordFile('third-c'), `\n${JSON.stringify(lost)}\n`)
    expect(await resolveAgents(orch, { selectors: ['team=api'], onWarning })).toEqual(['first-a', 'second-b'])
    const unreadable = { code: 'RECORD_CORRUPT', text: expect.stringContaining('broken-7k3q') }
    expect(told.splice(0)).toEqual([unreadable, { code: expect.any(String), text: expect.stringContaining('third-c') }])
    expect(await resolveAgents(orch, { names: ['@last'], onWarning })).toEqual(['third-c'])
    expect(told.splice(0)).toEqual([unreadable])
    await expect(resolveAgents(orch, { selectors: ['team=none'], onWarning })).rejects.toMatchObject({
      code: 'AGENT_NOT_FOUND',
      message: expect.stringMatching(/; passed over: Cannot read the record of "broken-7k3q".*, and 1 more$/),
    })
    expect(told).toEqual([])
  })

  it('refuses names beside a selector', async () => {
    const choice = { names: ['first-a'], selectors: ['team=api'] }
    await expect(resolveAgents(orch, choice)).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('wants full ids where they have to be exact, and names those that a selector finds', async () => {
    await expect(resolveAgents(orch, { selectors: ['team=api'], exact: true })).rejects.toMatchObject({
      code: 'FULL_ID_REQUIRED',
      hint: 'If you mean those agents, name "first-a" "second-b"',
    })
    expect(await resolveAgents(orch, { names: ['first-a'], exact: true })).toEqual(['first-a'])
  })
})

describe('resolveOneAgent()', () => {
  it('finds the one whose labels match, and names them when there are several', async () => {
    await create({ id: 'first-a', labels: { team: 'api' } })
    expect(await resolveOneAgent(orch, { selectors: ['team=api'] })).toBe('first-a')
    expect(await resolveOneAgent(orch, { names: ['first'] })).toBe('first-a')
    await create({ id: 'second-b', labels: { team: 'api' } })
    await expect(resolveOneAgent(orch, { selectors: ['team=api'] })).rejects.toMatchObject({
      code: 'AGENT_AMBIGUOUS',
      hint: 'Name one of "first-a", "second-b"',
    })
  })
})

function at(second: number): string {
  return new Date(second * 1_000).toISOString()
}

async function create(fields: Partial<AgentRecord>): Promise<void> {
  await orch.registry.create(interrupted(orch, fields))
}

async function have(...ids: readonly string[]): Promise<void> {
  for (const [index, id] of ids.entries())
    await orch.registry.create(interrupted(orch, { id, spawnedAt: new Date(index * 1_000).toISOString() }))
}

async function close(id: string): Promise<void> {
  await orch.registry.archive(id, 1, { type: 'x', set: { lifecycle: 'abandoned' } })
}
