import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { perFile } from '../../../../tests/harness/scope.ts'
import { clean } from '../../src/clean/clean.ts'
import { history } from '../../src/history/history.ts'
import { trail } from '../../src/history/trail.ts'
import { memory } from '../../src/memory/index.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { type Orch, openOrch } from '../../src/orchestrator/orch.ts'
import { status } from '../../src/orchestrator/status.ts'
import { recoverAll } from '../../src/recovery/recover-all.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perFile()
let place: Place
let orch: Orch
/** The whole record of an agent that was spawned, sent to and completed. */
let whole: Buffer
/** How many bytes of it hold everything up to the change that closed it. */
let closedFrom: number
/** The same of the change by which it was about to be completed: from then on its end is orch's doing. */
let endingFrom: number
let id: string

beforeAll(async () => {
  place = await createPlace(scope)
  orch = await place.open()
  id = (await place.spawn('[[answer: x]] ünï ✓')).id
  await complete(orch, [id], { force: true })
  whole = readFileSync(join(place.state, 'ended', `${id}.jsonl`))
  const text = whole.toString('latin1').trimEnd()
  closedFrom = text.length
  endingFrom = text.indexOf('\n', text.indexOf('"type":"ending"'))
  expect(endingFrom).toBeGreaterThan(0)
})

/** The record cut at each byte, each under an id of its own in a state folder of its own. */
async function cut(
  folder: 'agents' | 'ended',
): Promise<{ readonly cuts: ReadonlyMap<string, number>; readonly orch: Orch }> {
  const home = join(place.folder, folder)
  const there = await openOrch({
    directory: place.project,
    env: { ...place.env, HOME: home },
    backends: { memory: memory({ deadlineMs: 200, server: place.server }) },
  })
  scope.defer(() => there.close())
  const cuts = new Map<string, number>()
  for (let bytes = 0; bytes <= whole.length; bytes++) {
    const own = `c${String(bytes).padStart(id.length - 1, '0')}`
    cuts.set(own, bytes)
    const part = whole.subarray(0, bytes).toString('latin1').replaceAll(id, own)
    writeFileSync(join(home, '.local/state/orch', folder, `${own}.jsonl`), part, 'latin1')
  }
  return { cuts, orch: there }
}

it('of a record that was put away and is cut at any byte nothing wrong is said, and nothing is removed', async () => {
  const { cuts, orch: there } = await cut('ended')
  const document = await history(there)
  const known = new Map(document.agents.map((agent) => [agent.id, agent]))
  const shown = await status(there, { ended: true })
  expect(shown.agents).toHaveLength(document.agents.length)
  expect(document.warnings.length).toBeGreaterThan(0)
  const dry = new Map(
    (await clean(there, { dryRun: true, records: true })).results.map((result) => [result.id, result]),
  )
  for (const [own, bytes] of cuts) {
    const agent = known.get(own)
    const isWhole = bytes >= closedFrom
    // Cut in its first change nothing of it can be read: then it is named in a warning.
    if (agent === undefined) expect(dry.get(own)).toMatchObject({ removed: false, reason: { code: 'RECORD_CORRUPT' } })
    else {
      expect([own, agent.state, agent.outcome]).toEqual([
        own,
        isWhole ? 'done' : 'unknown',
        isWhole ? 'completed' : null,
      ])
      expect(shown.agents.find((one) => one.id === own)?.state).toBe(agent.state)
      expect(agent.durationMs === null || agent.durationMs >= 0).toBe(true)
    }
    expect(dry.get(own)?.removed).toBe(isWhole)
  }
  for (const bytes of [closedFrom, closedFrom - 1, Math.floor(closedFrom / 2)]) {
    const own = `c${String(bytes).padStart(id.length - 1, '0')}`
    const { trail: all } = await trail(there, own)
    expect(all?.some(({ type }) => type === 'completed')).toBe(bytes >= closedFrom)
  }
  const before = new Set(await there.registry.ids('closed'))
  await clean(there, { records: true })
  const after = new Set(await there.registry.ids('closed'))
  for (const [own, bytes] of cuts) if (bytes < closedFrom) expect([own, after.has(own)]).toEqual([own, before.has(own)])
})

it('of an open record that is cut at any byte nothing wrong is said, and nothing is removed', async () => {
  const { cuts, orch: there } = await cut('agents')
  const open = (await there.registry.ids('open')).length
  const { findings } = await recoverAll(there, { dryRun: true })
  expect(findings.filter(({ kind }) => kind === 'record').length).toBeGreaterThan(0)
  const dry = await clean(there, { dryRun: true, records: true })
  expect(
    dry.results
      .filter(({ removed }) => removed)
      .map(({ id: own }) => cuts.get(own) ?? 0)
      .every((bytes) => bytes >= closedFrom),
  ).toBe(true)
  const document = await history(there)
  for (const { id: own, state, outcome } of document.agents) {
    const isWhole = (cuts.get(own) ?? 0) >= closedFrom
    expect([own, outcome]).toEqual([own, isWhole ? 'completed' : null])
    if ((cuts.get(own) ?? 0) < endingFrom) expect([own, state === 'done']).toEqual([own, false])
  }
  await recoverAll(there)
  const shown = await status(there)
  expect(shown.agents.filter(({ state, id: own }) => state === 'done' && (cuts.get(own) ?? 0) < endingFrom)).toEqual([])
  expect((await there.registry.ids('open')).length + (await there.registry.ids('closed')).length).toBe(open)
})
