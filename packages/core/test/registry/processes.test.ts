import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { createFileClaims } from '../../src/registry/claims.ts'
import { createJsonlRegistry } from '../../src/registry/jsonl-registry.ts'
import { foldRecord } from '../../src/registry/record.ts'
import { type Fixture, useFixtures } from '../harness/fixture.ts'
import { record } from '../harness/values.ts'

const scope = perTest()
const fixtures = useFixtures(scope)
const ID = 'fix-login-7k3q'
let directory: string

beforeEach(async () => {
  directory = (await scope.use(temporaryFolder())).path
})

it('of 20 processes that create one id at once, one wins', async () => {
  const answers = await atOnce(await writers(20), `create ${ID}`)
  expect(answers.filter((answer) => answer === 1)).toHaveLength(1)
  expect(answers.filter((answer) => answer === 'AGENT_EXISTS')).toHaveLength(19)
  expect(await createJsonlRegistry(directory).get(ID)).toMatchObject({ revision: 1, damage: null, skippedLines: [] })
})

it('of 8 processes that append 60 updates each, every won update is in the record once, and none else', async () => {
  const registry = createJsonlRegistry(directory)
  await registry.create(record())
  const all = await writers(8)
  const answers = (await atOnce(all, `append ${ID} 60`)) as { won: number; conflicts: number }[]
  expect(answers.map(({ won }) => won)).toEqual(Array(8).fill(60))
  expect(answers.reduce((sum, { conflicts }) => sum + conflicts, 0)).toBeGreaterThan(0)
  expect(await registry.get(ID)).toMatchObject({ revision: 481, damage: null, skippedLines: [] })
  const wanted = all.flatMap(({ pid }) => Array.from({ length: 60 }, (_, i) => `${pid}-${i}`))
  expect(acceptedModels().sort()).toEqual(wanted.sort())
}, 60_000)

it('writers killed at any instant leave every record readable and every accepted update in it', async () => {
  const registry = createJsonlRegistry(directory)
  await registry.create(record())
  let revision = 1
  for (let round = 0; round < 15; round++) {
    const pair = await writers(2)
    for (const writer of pair) writer.tell(`forever ${ID}`)
    const from = revision
    while (revision < from + 10 + round) {
      const seen = await registry.get(ID)
      expect(seen).toMatchObject({ damage: null })
      expect(seen?.revision).toBeGreaterThanOrEqual(revision)
      revision = seen?.revision ?? 0
    }
    for (const writer of pair) process.kill(writer.pid, 'SIGKILL')
    for (const writer of pair) expect((await writer.ended).signal).toBe('SIGKILL')
  }
  const stored = await registry.append(ID, (await registry.get(ID))?.revision ?? 0, {
    type: 'last',
    set: { model: 'two' },
  })
  expect(stored).toMatchObject({ damage: null, record: { model: 'two' } })
  expect(stored.revision).toBeGreaterThan(200)
}, 60_000)

it('creators killed at any instant leave a whole record or none', async () => {
  for (let round = 0; round < 10; round++) {
    const [creator] = await writers(1)
    for (let i = 0; i < 200; i++) creator?.tell(`create r${round}-${i}`)
    for (let i = 0; i <= round * 3; i++) await creator?.answer()
    process.kill(creator?.pid as number, 'SIGKILL')
    await creator?.ended
  }
  const { records, unreadable } = await createJsonlRegistry(directory).list('open')
  expect(unreadable).toEqual([])
  expect(records.length).toBeGreaterThan(100)
}, 60_000)

it('a disk that is full makes an update fail, keeps what is stored, and takes no later update along', async () => {
  const registry = createJsonlRegistry(directory)
  await registry.create(record())
  const limited = await fixtures.start('registry-writer', [directory], ['sh', '-c', 'ulimit -f 8; exec "$@"', 'sh'])
  limited.tell(`fill ${ID}`)
  const { won, code } = await limited.answer<{ won: number; code: string }>()
  expect({ code, some: won > 3 }).toEqual({ code: 'DISK', some: true })
  const text = readFileSync(join(directory, 'agents', `${ID}.jsonl`), 'utf8')
  expect(text.endsWith('\n')).toBe(false)
  const stored = await registry.get(ID)
  expect(stored).toMatchObject({ revision: won + 1, damage: null })
  const next = await registry.append(ID, won + 1, { type: 'after', set: { model: 'two' } })
  expect(next).toMatchObject({ revision: won + 2, damage: null, record: { model: 'two' } })
})

it('a claim that does not reach the disk whole is none, and leaves the name free', async () => {
  const limited = await fixtures.start('registry-writer', [directory], ['prlimit', '--fsize=1'])
  limited.tell('claim begin')
  expect(await limited.answer()).toBe('DISK')
  const claims = createFileClaims(directory)
  expect([claims.latest('begin'), claims.create('begin', 1, 'mine')]).toEqual([null, true])
})

it('of 20 processes that claim one name at once, one wins', async () => {
  const all = await writers(20)
  const answers = await atOnce(all, 'claim begin')
  expect(answers.filter((answer) => answer === true)).toHaveLength(1)
  expect(answers.filter((answer) => answer === false)).toHaveLength(19)
  const winner = all[answers.indexOf(true)]
  expect(createFileClaims(directory).latest('begin')).toMatchObject({ generation: 1, content: `${winner?.pid}` })
})

it('of 20 processes that take over from a dead one at once, one wins, and nobody robs that one', async () => {
  const [dead] = await writers(1)
  dead?.tell('takeover begin')
  expect(await dead?.answer()).toBe(true)
  process.kill(dead?.pid as number, 'SIGKILL')
  await dead?.ended
  const all = await writers(20)
  const answers = await atOnce(all, 'takeover begin')
  expect(answers.filter((answer) => answer === true)).toHaveLength(1)
  expect(createFileClaims(directory).latest('begin')?.generation).toBe(2)
  expect(await atOnce(all, 'takeover begin')).toEqual(Array(20).fill(false))
  expect(readdirSync(directory).filter((name) => name.startsWith('scratch-'))).toEqual([])
})

/** The names of the updates that the fold of the file accepts, one for each time it does. */
function acceptedModels(): unknown[] {
  const text = readFileSync(join(directory, 'agents', `${ID}.jsonl`), 'utf8')
  const events = foldRecord(text, false)?.events ?? []
  return events.filter(({ type }) => type === 'named').map(({ set }) => set.model)
}

/** Started and ready: what follows they do at once. */
async function writers(count: number): Promise<Fixture[]> {
  const all = await Promise.all(Array.from({ length: count }, () => fixtures.start('registry-writer', [directory])))
  expect(await atOnce(all, 'ready')).toEqual(Array(count).fill('ready'))
  return all
}

async function atOnce(all: readonly Fixture[], line: string): Promise<unknown[]> {
  for (const fixture of all) fixture.tell(line)
  return await Promise.all(all.map((fixture) => fixture.answer()))
}
