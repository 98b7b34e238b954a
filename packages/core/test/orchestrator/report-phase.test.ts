import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { reportPhase } from '../../src/orchestrator/report-phase.ts'
import { status } from '../../src/orchestrator/status.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('reportPhase()', () => {
  it('is what status then shows', async () => {
    const { orch, id } = await place.spawn('x')
    const document = await reportPhase(orch, { id, phase: ' Testing ', note: ' 3 of 4 ' })
    expect(document).toMatchObject({
      apiVersion: 1,
      warnings: [],
      agent: id,
      phase: { name: 'Testing', note: '3 of 4' },
    })
    expect((await status(orch)).agents).toMatchObject([{ state: 'idle', phase: document.phase }])
    await reportPhase({ project: place.project }, { id, phase: 'Complete', note: '  ' })
    expect((await status(orch)).agents).toMatchObject([{ state: 'done', phase: { name: 'Complete', note: null } }])
  })

  it('refuses one of an agent whose record is closed, and leaves its page', async () => {
    const { orch, id } = await place.spawn('x')
    await complete(orch, [id], { force: true })
    const page = join(place.project, '.orch/workspace', id, 'WORKSPACE.md')
    const before = readFileSync(page, 'utf8')
    await expect(reportPhase(place, { id, phase: 'Testing' })).rejects.toMatchObject({ code: 'CLOSED', agent: id })
    expect(readFileSync(page, 'utf8')).toBe(before)
  })

  it.each(['', '../up', '/etc', 'nobody-7k3q', 'a/b'])('says that there is no agent %j', async (id) => {
    await expect(reportPhase(place, { id, phase: 'Testing' })).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
  })

  it.each(['', '  ', '[phase]', 'a\nPhase: Complete'])('refuses the phase %j', async (phase) => {
    const { id } = await place.spawn('x')
    await expect(reportPhase(place, { id, phase })).rejects.toMatchObject({ code: 'USAGE' })
  })
})
