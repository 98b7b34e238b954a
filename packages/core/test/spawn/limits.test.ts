import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { LimitsConfig } from '../../src/config/config.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

async function openWith(limits: Partial<LimitsConfig>): Promise<Orch> {
  mkdirSync(join(place.project, '.orch'), { recursive: true })
  writeFileSync(join(place.project, '.orch', 'config.json'), JSON.stringify({ limits }))
  return place.open()
}

async function child(orch: Orch, parent: string | undefined, key?: string): Promise<string> {
  return (await spawn(orch, { task: 'x', parent, key })).agent.id
}

const REACHED = { code: 'LIMIT_REACHED', hint: expect.any(String) }

describe('the limits of spawn()', () => {
  it('hold for the depth, over agents that ended too, and never for what no agent starts', async () => {
    const orch = await openWith({ depth: 2 })
    const root = await child(orch, undefined)
    const first = await child(orch, root)
    const second = await child(orch, first)
    await abandon(orch, [root, first])
    await expect(child(orch, second)).rejects.toMatchObject({ ...REACHED, retryable: false })
    await child(orch, undefined)
  })

  it('hold for the open children of one agent', async () => {
    const orch = await openWith({ children: 2 })
    const root = await child(orch, undefined)
    const [one] = [await child(orch, root), await child(orch, root, 'key')]
    await expect(child(orch, root)).rejects.toMatchObject({ ...REACHED, retryable: true, outcome: 'none' })
    expect(await child(orch, root, 'key')).toMatch(/^x-/)
    await abandon(orch, [one])
    await child(orch, root)
    expect((await orch.registry.list('open')).records).toHaveLength(3)
  })

  it('hold for the open agents of the project, whoever started them', async () => {
    const orch = await openWith({ agents: 3 })
    const root = await child(orch, undefined)
    await child(orch, undefined)
    await child(orch, root)
    await expect(child(orch, root)).rejects.toMatchObject(REACHED)
    await child(orch, undefined)
  })

  it('hold against many at once: as many get past as there is room for', async () => {
    const orch = await openWith({ children: 3 })
    const root = await child(orch, undefined)
    const all = await Promise.all(Array.from({ length: 8 }, () => place.open()))
    const ended = await Promise.allSettled(all.map((one) => child(one, root)))
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    for (const one of ended) if (one.status === 'rejected') expect(one.reason).toMatchObject(REACHED)
  })

  it('end with records that name each other as parents', async () => {
    const orch = await openWith({})
    await orch.registry.create(interrupted(orch, { id: 'a-aaaa', parent: 'b-bbbb' }))
    await orch.registry.create(interrupted(orch, { id: 'b-bbbb', parent: 'a-aaaa' }))
    await expect(child(orch, 'a-aaaa')).rejects.toMatchObject(REACHED)
  })
})
