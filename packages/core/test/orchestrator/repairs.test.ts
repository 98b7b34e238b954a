import { chmodSync, existsSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { doctor } from '../../src/orchestrator/doctor.ts'
import { resolveAgent } from '../../src/orchestrator/resolve-agent.ts'
import { status } from '../../src/orchestrator/status.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace } from '../harness/place.ts'

const scope = perTest()

describe('doctor()', () => {
  it('names what can be mended, mends it only when it is told to, and then finds nothing more', async () => {
    const place = await createPlace(scope)
    const { orch, id } = await place.spawn('x')
    const file = place.recordFile(id)
    chmodSync(file, 0o644)
    const old = join(place.state, 'scratch', 'old')
    const young = join(place.state, 'scratch', 'young')
    for (const draft of [old, young]) writeFileSync(draft, 'x', { mode: 0o600 })
    utimesSync(old, 0, 0)
    rmSync(join(place.project, '.orch/.gitignore'))
    const names = ['modes', 'drafts', 'workspaces']
    const found = await doctor(orch)
    expect(found.repairs.map(({ name, done }) => [name, done])).toEqual(names.map((name) => [name, false]))
    expect(existsSync(old)).toBe(true)
    const mended = await doctor(orch, { fix: true })
    expect(mended.repairs.map(({ name, done }) => [name, done])).toEqual(names.map((name) => [name, true]))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect([existsSync(old), existsSync(young), existsSync(join(place.project, '.orch/.gitignore'))]).toEqual([
      false,
      true,
      true,
    ])
    expect((await doctor(orch)).repairs).toEqual([])
    expect((await status(orch)).agents.map((agent) => agent.id)).toEqual([id])
  })
})

describe('the project', () => {
  it('is an exact path: one whose name only begins with it is another, and a link leads to the same', async () => {
    const place = await createPlace(scope)
    const near = `${place.project}c`
    for (const project of [place.project, near]) mkdirSync(join(project, '.orch'), { recursive: true })
    const own = await spawn(await place.open(), { task: 'own' })
    const other = await spawn(await place.open({ directory: near }), { task: 'other' })
    for (const [directory, id] of [
      [place.project, own.agent.id],
      [join(place.project, '.orch'), own.agent.id],
      [near, other.agent.id],
    ] as const) {
      const orch = await place.open({ directory })
      expect((await status(orch)).agents.map((agent) => agent.id)).toEqual([id])
      expect(await resolveAgent(orch, '@last')).toBe(id)
    }
  })
})
