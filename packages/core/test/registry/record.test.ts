import { describe, expect, it } from '@jest/globals'
import { foldRecord, type RecordEvent } from '../../src/registry/record.ts'
import { record } from '../harness/values.ts'

const created = event(0, record(), 'created')
const model = event(1, { model: 'two' })
const phase = event(2, { model: 'three' })

describe('foldRecord()', () => {
  it('applies the events in order', () => {
    expect(fold(created, model, phase)?.stored).toMatchObject({
      record: { id: 'fix-login-7k3q', model: 'three' },
      revision: 3,
      closed: false,
      skippedLines: [],
      damage: null,
    })
  })

  it('accepts of two events on one revision only the first', () => {
    const late = event(1, { model: 'late' })
    const folded = fold(created, model, late)
    expect(folded?.stored).toMatchObject({ record: { model: 'two' }, revision: 2, damage: null, skippedLines: [] })
    expect([model.uid, late.uid].map((uid) => folded?.events.some((event) => event.uid === uid))).toEqual([true, false])
  })

  it.each(['completed', 'abandoned'] as const)('accepts nothing after it was %s', (lifecycle) => {
    const end = event(1, { lifecycle })
    const folded = fold(created, end, event(2, { model: 'late', lifecycle: 'active' }))
    expect(folded?.stored).toMatchObject({
      record: { lifecycle, model: null },
      revision: 2,
      closed: true,
      damage: null,
    })
  })

  it('reports an accepted event that is missing, and trusts nothing after it', () => {
    expect(fold(created, phase)?.stored).toMatchObject({
      record: { model: null },
      revision: 1,
      damage: { code: 'RECORD_CORRUPT', text: expect.stringContaining('2') },
    })
  })

  it.each([
    'garbage',
    '{"v":1',
    '[]',
    'null',
    '7',
    '""',
    '{}',
    '{"uid":"a","base":1}',
    '{"uid":"a","base":1,"set":null}',
    '{"uid":1,"base":1,"set":{}}',
    '{"uid":"a","base":1,"set":[]}',
    '\0\0\0',
  ])('skips the line %j and says which', (line) => {
    const text = `${JSON.stringify(created)}\n${line}\n${JSON.stringify(model)}\n`
    expect(foldRecord(text, false)?.stored).toMatchObject({ record: { model: 'two' }, revision: 2, skippedLines: [2] })
  })

  it.each([
    ['no text', ''],
    ['newlines', '\n\n\n'],
    ['garbage', 'garbage'],
    ['an event without its first one', JSON.stringify(model)],
    ['a first event that is no record', JSON.stringify(event(0, { id: 'a', backend: 'b', workspace: 'c' } as never))],
    ['a record without lists', JSON.stringify(event(0, { ...record(), attempts: undefined } as never))],
    ['a record of an unknown lifecycle', JSON.stringify(event(0, { ...record(), lifecycle: 'odd' } as never))],
  ])('has no record for %s', (_, text) => {
    expect(foldRecord(text, false)).toBeNull()
  })

  it('is closed when it was archived, whatever its lifecycle', () => {
    expect(foldRecord(JSON.stringify(event(0, record({ lifecycle: 'failed' }))), true)?.stored.closed).toBe(true)
    expect(foldRecord(JSON.stringify(event(0, record({ lifecycle: 'failed' }))), false)?.stored.closed).toBe(false)
  })
})

function fold(...events: readonly RecordEvent[]): ReturnType<typeof foldRecord> {
  return foldRecord(events.map((one) => `\n${JSON.stringify(one)}\n`).join(''), false)
}

function event(base: number, set: RecordEvent['set'], type = 'changed'): RecordEvent {
  return { v: 1, uid: `uid-${base}-${Math.random()}`, base, at: '2026-01-02T03:04:05.000Z', type, set }
}
