import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { createJsonlRegistry } from '../../src/registry/jsonl-registry.ts'
import type { StoredRecord } from '../../src/registry/record.ts'
import type { Registry } from '../../src/registry/registry.ts'
import { record } from '../harness/values.ts'

const scope = perTest()
const ID = 'fix-login-7k3q'
let folder: string
let directory: string
let file: string
let registry: Registry

beforeEach(async () => {
  folder = (await scope.use(temporaryFolder())).path
  directory = join(folder, 'state')
  file = join(directory, 'agents', `${ID}.jsonl`)
  registry = createJsonlRegistry(directory)
})

describe('create()', () => {
  it('stores the record at revision 1, for its owner only', async () => {
    const stored = await registry.create(record())
    expect(stored).toEqual({ record: record(), revision: 1, closed: false, skippedLines: [], damage: null })
    expect(await registry.get(ID)).toMatchObject(stored)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(directory, 'scratch'))).toEqual([])
  })

  it('refuses an id that is taken, and keeps what is there', async () => {
    await registry.create(record())
    await expect(registry.create(record({ task: 'other' }))).rejects.toMatchObject({ code: 'AGENT_EXISTS', agent: ID })
    expect((await registry.get(ID))?.record.task).toBe('Fix the login')
    expect(readdirSync(join(directory, 'scratch'))).toEqual([])
  })

  it('refuses the id of a closed record', async () => {
    await registry.create(record())
    await registry.archive(ID, 1, { type: 'end', set: { lifecycle: 'completed' } })
    await expect(registry.create(record())).rejects.toMatchObject({ code: 'AGENT_EXISTS' })
  })
})

describe('append()', () => {
  it('changes a record that is still at its revision', async () => {
    await registry.create(record())
    const stored = await registry.append(ID, 1, { type: 'model', set: { model: 'two' } })
    expect(stored).toMatchObject({ record: { model: 'two', task: 'Fix the login' }, revision: 2 })
    expect(await registry.get(ID)).toMatchObject({ record: { model: 'two' }, revision: 2 })
  })

  it('changes nothing for another revision', async () => {
    await registry.create(record())
    await registry.append(ID, 1, { type: 'model', set: { model: 'two' } })
    for (const revision of [0, 1, 3, 99]) {
      const late = registry.append(ID, revision, { type: 'model', set: { model: 'late' } })
      await expect(late).rejects.toMatchObject({ code: 'CONFLICT', retryable: true, agent: ID })
    }
    expect(await registry.get(ID)).toMatchObject({ record: { model: 'two' }, revision: 2 })
  })

  it('leaves the record trustworthy after an update on a revision that does not exist yet', async () => {
    await registry.create(record())
    await expect(registry.append(ID, 7, { type: 'model', set: { model: 'x' } })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    expect(await registry.get(ID)).toMatchObject({ revision: 1, damage: null })
  })

  it('changes nothing of a record that is closed or was never there', async () => {
    await expect(registry.append(ID, 1, { type: 'x', set: {} })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(readdirSync(join(directory, 'agents'))).toEqual([])
    await registry.create(record())
    await registry.archive(ID, 1, { type: 'end', set: { lifecycle: 'failed' } })
    await expect(registry.append(ID, 2, { type: 'x', set: { model: 'late' } })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    expect(await registry.get(ID)).toMatchObject({ record: { model: null }, revision: 2, closed: true })
  })

  it('changes nothing of a completed record whose archiving was interrupted', async () => {
    await registry.create(record())
    await registry.append(ID, 1, { type: 'end', set: { lifecycle: 'completed' } })
    await expect(registry.append(ID, 2, { type: 'x', set: { model: 'late' } })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    expect(await registry.get(ID)).toMatchObject({ record: { model: null }, closed: true })
  })

  it('keeps every line: the file is the audit trail', async () => {
    await registry.create(record())
    await registry.append(ID, 1, { type: 'model', set: { model: 'two' } })
    const events = readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
    expect(events.map(({ type, base }) => ({ type, base }))).toEqual([
      { type: 'created', base: 0 },
      { type: 'model', base: 1 },
    ])
  })
})

describe('archive()', () => {
  it('makes the last change and closes the record', async () => {
    await registry.create(record())
    const stored = await registry.archive(ID, 1, { type: 'completed', set: { lifecycle: 'completed' } })
    expect(stored).toMatchObject({ closed: true, revision: 2, record: { lifecycle: 'completed' } })
    expect(await registry.ids('open')).toEqual([])
    expect(await registry.ids('closed')).toEqual([ID])
    expect((await registry.list('closed')).records).toMatchObject([{ closed: true, record: { id: ID } }])
    expect(await registry.get(ID)).toMatchObject({ closed: true, revision: 2 })
  })

  it('closes nothing for another revision', async () => {
    await registry.create(record())
    await expect(registry.archive(ID, 5, { type: 'x', set: {} })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await registry.get(ID)).toMatchObject({ closed: false, revision: 1 })
  })
})

describe('list() and ids()', () => {
  it('have what is open, and nothing that is no record', async () => {
    for (const id of ['one', 'two', 'three']) await registry.create(record({ id }))
    for (const name of ['notes.txt', 'UPPER.jsonl', '.jsonl', '.hidden.jsonl', 'a b.jsonl', 'two.jsonl~'])
      writeFileSync(join(directory, 'agents', name), 'x')
    expect([...(await registry.ids('open'))].sort()).toEqual(['one', 'three', 'two'])
    const { records, unreadable } = await registry.list('open')
    expect(records.map((stored) => stored.record.id).sort()).toEqual(['one', 'three', 'two'])
    expect(unreadable).toEqual([])
  })

  it('name a record that cannot be read at all, and still have the others', async () => {
    for (const id of ['one', 'two', 'three', 'four']) await registry.create(record({ id }))
    writeFileSync(join(directory, 'agents', 'one.jsonl'), '')
    writeFileSync(join(directory, 'agents', 'two.jsonl'), 'garbage\n')
    mkdirSync(join(directory, 'agents', 'five.jsonl'))
    renameSync(join(directory, 'agents', 'three.jsonl'), join(directory, 'agents', 'six.jsonl'))
    const { records, unreadable } = await registry.list('open')
    expect(records.map((stored) => stored.record.id)).toEqual(['four'])
    expect(unreadable.map(({ id }) => id).sort()).toEqual(['five', 'one', 'six', 'two'])
    for (const { id, place, reason } of unreadable) {
      expect(place).toBe(join(directory, 'agents', `${id}.jsonl`))
      expect(reason).toMatch(/^Cannot read the record/)
    }
    for (const id of ['one', 'two', 'six'])
      await expect(registry.get(id)).rejects.toMatchObject({
        code: 'RECORD_CORRUPT',
        hint: expect.stringContaining(id),
      })
  })

  it('reject when they could not look: an empty list is proof', async () => {
    renameSync(join(directory, 'agents'), join(directory, 'moved'))
    await expect(registry.list('open')).rejects.toMatchObject({ code: 'DISK' })
    await expect(registry.ids('open')).rejects.toMatchObject({ code: 'DISK' })
  })
})

describe('a torn line', () => {
  it('at every byte of the last event takes no neighbour along', async () => {
    await registry.create(record())
    await registry.append(ID, 1, { type: 'model', set: { model: 'two' } })
    const before = readFileSync(file)
    await registry.append(ID, 2, { type: 'model', set: { model: 'three' } })
    const whole = readFileSync(file)
    for (let end = before.length; end < whole.length; end++) {
      writeFileSync(file, whole.subarray(0, end))
      const torn = await registry.get(ID)
      const complete = end >= whole.length - 1
      expect({ end, record: torn?.record.model, damage: torn?.damage }).toEqual({
        end,
        record: complete ? 'three' : 'two',
        damage: null,
      })
      const next = await registry.append(ID, torn?.revision ?? 0, { type: 'mode', set: { mode: 'plan' } })
      expect({ end, mode: next.record.mode, model: next.record.model, damage: next.damage }).toEqual({
        end,
        mode: 'plan',
        model: complete ? 'three' : 'two',
        damage: null,
      })
    }
  })

  it('at every byte of the file leaves an earlier state of the record, or one that is named as unreadable', async () => {
    const states = [(await registry.create(record())).record.model]
    for (const model of ['two', 'three']) {
      await registry.append(ID, states.length, { type: 'model', set: { model } })
      states.push(model)
    }
    const whole = readFileSync(file)
    const firstLine = whole.indexOf('\n')
    let reached = 0
    for (let end = 0; end <= whole.length; end++) {
      writeFileSync(file, whole.subarray(0, end))
      const { records, unreadable } = await registry.list('open')
      if (end < firstLine) {
        expect({ end, records, unreadable }).toEqual({
          end,
          records: [],
          unreadable: [expect.objectContaining({ id: ID })],
        })
        await expect(registry.get(ID)).rejects.toMatchObject({ code: 'RECORD_CORRUPT' })
        continue
      }
      expect({ end, unreadable }).toEqual({ end, unreadable: [] })
      const [{ record: seen, revision, damage }] = records as [StoredRecord]
      expect({ end, model: seen.model, damage }).toEqual({ end, model: states[revision - 1], damage: null })
      expect(revision).toBeGreaterThanOrEqual(reached)
      reached = revision
    }
    expect(reached).toBe(3)
  })

  it('that held an accepted event makes the record damaged, not shorter', async () => {
    await registry.create(record())
    await registry.append(ID, 1, { type: 'model', set: { model: 'two' } })
    await registry.append(ID, 2, { type: 'model', set: { model: 'three' } })
    writeFileSync(file, readFileSync(file, 'utf8').replace('"two"', '"tw'))
    expect(await registry.get(ID)).toMatchObject({
      revision: 1,
      damage: { code: 'RECORD_CORRUPT' },
      skippedLines: [expect.any(Number)],
    })
  })

  it.each(['garbage\n', '\0'.repeat(100), '{"v":1,"uid":"x","base":', '\xff\xfe\n'])(
    'of garbage (%j) leaves the record usable',
    async (garbage) => {
      await registry.create(record())
      appendFileSync(file, garbage)
      const stored = await registry.append(ID, 1, { type: 'model', set: { model: 'two' } })
      expect(stored).toMatchObject({ revision: 2, damage: null, record: { model: 'two' } })
      expect(stored.skippedLines).toHaveLength(1)
    },
  )
})

describe('a hostile id', () => {
  it.each(['../outside', '/tmp/outside', '..', 'a/b', '', 'a\0b', 'UPPER'])('%j never names a file', async (id) => {
    const outside = join(directory, 'outside.jsonl')
    const event = { v: 1, uid: 'x', base: 0, at: '', type: 'created', set: record({ id }) }
    writeFileSync(outside, `${JSON.stringify(event)}\n`)
    const before = readFileSync(outside, 'utf8')
    expect(await registry.get(id)).toBeNull()
    await expect(registry.create(record({ id }))).rejects.toThrow(RangeError)
    await expect(registry.append(id, 1, { type: 'x', set: {} })).rejects.toThrow(RangeError)
    await expect(registry.archive(id, 1, { type: 'x', set: {} })).rejects.toThrow(RangeError)
    expect(readFileSync(outside, 'utf8')).toBe(before)
    expect(readdirSync(directory).sort()).toEqual(['agents', 'ended', 'outside.jsonl', 'scratch'])
  })
})

describe('watch()', () => {
  it('tells which record was created, changed and closed, by whomever', async () => {
    const ids = follow(registry)
    const other = createJsonlRegistry(directory)
    for (const act of [
      () => other.create(record()),
      () => other.append(ID, 1, { type: 'model', set: { model: 'two' } }),
      () => other.archive(ID, 2, { type: 'end', set: { lifecycle: 'completed' } }),
    ]) {
      const seen = ids.length
      await act()
      await eventually(() => ids.includes(ID, seen), { what: `an event for ${ID}` })
    }
  })
})

describe('a state directory that cannot be used', () => {
  it.each(['state', 'state/agents'])('with a file at %s is refused', async (path) => {
    const other = join(folder, 'other')
    mkdirSync(join(other, path, '..'), { recursive: true })
    writeFileSync(join(other, path), '')
    expect(() => createJsonlRegistry(join(other, 'state'))).toThrow(
      expect.objectContaining({ code: 'DISK', message: expect.stringContaining('state'), hint: expect.any(String) }),
    )
  })
})

function follow(source: Registry): (string | null)[] {
  const controller = new AbortController()
  scope.defer(() => controller.abort())
  const ids: (string | null)[] = []
  const read = async (): Promise<void> => {
    for await (const id of source.watch(controller.signal)) ids.push(id)
  }
  void read()
  return ids
}
