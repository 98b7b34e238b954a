import { appendFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { assertSound, closeRecord, reread, updateRecord } from '../../src/orchestrator/update-record.ts'
import type { StoredRecord } from '../../src/registry/record.ts'
import { createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
const ID = 'half-made-7k3q'
let place: Place
let orch: Orch
let stored: StoredRecord

beforeEach(async () => {
  place = await createPlace(scope)
  orch = await place.open()
  stored = await orch.registry.create(interrupted(orch, { labels: {} }))
})

describe('updateRecord()', () => {
  it('loses none of many changes that are made on one revision', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `l${index}`)
    await Promise.all(
      names.map((name) =>
        updateRecord(orch, stored, 'label', ({ labels }) => ({ labels: { ...labels, [name]: '1' } })),
      ),
    )
    const now = await reread(orch, ID)
    expect(Object.keys(now.record.labels).sort()).toEqual(names.sort())
    expect(now.revision).toBe(21)
  })

  it('changes nothing when there is nothing to change, or it was closed meanwhile', async () => {
    expect(await updateRecord(orch, stored, 'x', () => null)).toBe(stored)
    await closeRecord(orch, stored, 'abandoned')
    const after = await updateRecord(orch, stored, 'x', () => ({ model: 'late' }))
    expect(after).toMatchObject({ closed: true, record: { model: null, lifecycle: 'abandoned' } })
  })

  it('refuses a damaged record, and says that one is gone', async () => {
    appendFileSync(place.recordFile(ID), '\n{"v":1,"uid":"u","base":9,"at":"","type":"x","set":{}}\n')
    const damaged = await reread(orch, ID)
    await expect(updateRecord(orch, damaged, 'x', () => ({}))).rejects.toMatchObject({
      code: 'RECORD_CORRUPT',
      agent: ID,
    })
    expect(() => assertSound(damaged)).toThrow(expect.objectContaining({ code: 'RECORD_CORRUPT' }))
    await expect(reread(orch, 'nobody-7k3q')).rejects.toMatchObject({
      code: 'AGENT_NOT_FOUND',
      hint: expect.any(String),
    })
  })

  it('passes on any other error', async () => {
    const append = (): never => {
      throw new TypeError('oops')
    }
    const broken = { ...orch, registry: { ...orch.registry, append } }
    await expect(updateRecord(broken, stored, 'x', () => ({}))).rejects.toThrow('oops')
  })
})

describe('closeRecord()', () => {
  it('closes it once, whoever tries, and says to who tried another way that it did not', async () => {
    const ways = ['completed', 'abandoned', 'completed', 'abandoned'] as const
    const all = await Promise.allSettled(ways.map((lifecycle) => closeRecord(orch, stored, lifecycle)))
    const { lifecycle } = (await reread(orch, ID)).record
    expect(all).toMatchObject(
      ways.map((way) =>
        way === lifecycle
          ? { status: 'fulfilled', value: { closed: true, record: { lifecycle } } }
          : { status: 'rejected', reason: { code: 'CLOSED', message: expect.stringContaining(`was ${lifecycle}`) } },
      ),
    )
    expect(await reread(orch, ID)).toMatchObject({ closed: true, record: { endedAt: expect.any(String) } })
  })

  it('closes what changed meanwhile, with its last change', async () => {
    await updateRecord(orch, stored, 'x', () => ({ model: 'two' }))
    const closed = await closeRecord(orch, stored, 'completed', { attempts: [] })
    expect(closed).toMatchObject({ closed: true, record: { model: 'two', lifecycle: 'completed', attempts: [] } })
  })
})
