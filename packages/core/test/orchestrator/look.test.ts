import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Observation } from '../../src/backend.ts'
import { hasEnded, lookAt, lookAtOne, toRef, withoutLook } from '../../src/orchestrator/look.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { reread } from '../../src/orchestrator/update-record.ts'
import { createPlace, type Place, type PlaceOptions } from '../harness/place.ts'
import { known, record, request, unknown } from '../harness/values.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('lookAt()', () => {
  it('keeps new facts, and writes nothing when there are none', async () => {
    const { orch, id } = await seeing({ facts: { turns: 1 } })
    expect((await lookAtOne(orch, await reread(orch, id))).stored.record.facts).toEqual({ turns: 1 })
    const { revision } = await reread(orch, id)
    expect((await lookAtOne(orch, await reread(orch, id))).stored.revision).toBe(revision)
  })

  it('keeps the first exit that was seen', async () => {
    const first = await seeing({ process: known({ alive: false, exit: { code: 3, signal: null } }) })
    await lookAtOne(first.orch, await reread(first.orch, first.id))
    const other = await place.open({
      wrap: seen({ process: known({ alive: false, exit: { code: 0, signal: null } }) }),
    })
    const { agent } = await lookAtOne(other, await reread(other, first.id))
    expect(agent).toMatchObject({ state: 'failed', exit: { code: 3, signal: null } })
  })

  it('settles the attempts that arrived, and only those', async () => {
    const { orch, id } = await seeing({ arrived: ['one', 'three'] })
    const stored = await reread(orch, id)
    const attempts = ['one', 'two'].map((name) => ({ id: name, at: stored.record.spawnedAt }))
    await orch.registry.append(id, stored.revision, { type: 'x', set: { attempts } })
    const look = await lookAtOne(orch, await reread(orch, id))
    expect(look.stored.record.attempts.map((attempt) => attempt.id)).toEqual(['two'])
  })

  it('tells a backend what it needs to know of an agent, and nothing of one without a place or that is closed', async () => {
    const asked: unknown[] = []
    const wrap: PlaceOptions['wrap'] = (backend) => ({
      ...backend,
      observe: (agents, signal) => {
        asked.push(agents)
        return backend.observe(agents, signal)
      },
    })
    const { orch, id } = await place.spawn('x', { wrap })
    const stored = await reread(orch, id)
    const closed = { ...stored, closed: true }
    const placeless = { ...stored, record: { ...stored.record, id: 'other-7k3q', handle: null } }
    asked.length = 0
    await lookAt(orch, [stored, closed, placeless])
    expect(asked).toEqual([[toRef(stored.record)]])
  })

  it('has the capabilities of each agent, and none when its backend cannot be opened', async () => {
    const { orch, id } = await place.spawn('x')
    const stored = await reread(orch, id)
    expect((await lookAtOne(orch, stored)).agent.capabilities).toContain('turns')
    const elsewhere = { ...stored, record: { ...stored.record, backend: 'gone' } }
    expect((await lookAtOne(orch, elsewhere)).agent.capabilities).toEqual([])
  })
})

describe('an agent as a look shows it', () => {
  it('is "not known", never zero, for what was not seen', async () => {
    const { orch, id } = await seeing({ usage: unknown(), lastActivityAt: unknown(), requests: unknown() })
    const { agent } = await lookAtOne(orch, await reread(orch, id))
    expect(agent).toMatchObject({ usage: null, lastActivityAt: null, requests: [], exit: null, state: 'unknown' })
    expect(agent.observedAt).toEqual(expect.any(String))
  })

  it.each<readonly [string, Partial<Observation>, boolean]>([
    ['lives', {}, true],
    ['is lost', { existence: known('lost') }, false],
    ['is gone', { existence: known('gone') }, false],
    ['failed', { process: known({ alive: false, exit: { code: 1, signal: null } }) }, false],
  ])('has open requests only while somebody can answer them: it %s', async (_, fields, open) => {
    const { orch, id } = await seeing({ requests: known([request()]), ...fields })
    const look = await lookAtOne(orch, await reread(orch, id))
    expect(look.agent.requests).toHaveLength(open ? 1 : 0)
    expect(hasEnded(look)).toBe(!open)
  })

  it('has none once it is closed, whatever stands on its page', async () => {
    const { orch, id } = await place.spawn('x')
    const { record: stored, revision } = await reread(orch, id)
    writeFileSync(join(stored.workspace, 'WORKSPACE.md'), 'QUESTION: Which one?\n')
    expect((await lookAtOne(orch, await reread(orch, id))).agent.requests).toHaveLength(1)
    await orch.registry.archive(id, revision, { type: 'x', set: { lifecycle: 'completed' } })
    const look = await lookAtOne(orch, await reread(orch, id))
    expect(look.agent).toMatchObject({ state: 'done', requests: [], observedAt: null })
    expect(hasEnded(look)).toBe(true)
  })
})

it('withoutLook() is unknown for what could be looked at, and the record for the rest', async () => {
  const reason = { code: 'TIMEOUT', text: 'no time' }
  const stored = { record: record(), revision: 1, closed: false, skippedLines: [], damage: null }
  expect((await withoutLook(stored, reason)).agent).toMatchObject({ state: 'unknown', reason })
  const closed = { ...stored, closed: true, record: record({ lifecycle: 'completed' }) }
  expect((await withoutLook(closed, reason)).agent).toMatchObject({ state: 'done' })
  const spawning = { ...stored, record: record({ lifecycle: 'spawning', handle: null }) }
  expect((await withoutLook(spawning, reason)).agent).toMatchObject({ state: 'starting' })
})

function seen(fields: Partial<Observation>): NonNullable<PlaceOptions['wrap']> {
  return (backend) => ({
    ...backend,
    observe: async (agents, signal) => {
      const result = await backend.observe(agents, signal)
      return { ...result, observations: result.observations.map((one) => ({ ...one, ...fields })) }
    },
  })
}

/** An agent whose backend sees these fields, from the look after its spawn on. */
async function seeing(fields: Partial<Observation>): Promise<{ readonly orch: Orch; readonly id: string }> {
  const { id } = await place.spawn('x')
  return { orch: await place.open({ wrap: seen(fields) }), id }
}
