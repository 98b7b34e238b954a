import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { adopt, listAdoptable } from '../../src/adoption/adopt.ts'
import { trail } from '../../src/history/trail.ts'
import { send } from '../../src/messages/send.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { status } from '../../src/orchestrator/status.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('adopt()', () => {
  it('makes an agent of what runs, which is told nothing, and then is one like any other', async () => {
    const pane = place.server.stranger('[[answer: here]]')
    const orch = await place.open()
    expect(await listAdoptable(orch)).toMatchObject({
      complete: true,
      agent: null,
      adoptable: [{ place: pane, backend: 'memory' }],
    })
    const { agent } = await adopt(orch, pane, { task: 'Mend it', name: 'mine', labels: { team: 'web' } })
    expect(agent).toMatchObject({
      state: 'idle',
      task: 'Mend it',
      labels: { team: 'web' },
      lifecycle: 'active',
      exit: null,
    })
    const id = agent?.id as string
    expect(id).toMatch(/^mine-/)
    expect(place.server.received(id)).toHaveLength(1)
    expect((await listAdoptable(orch)).adoptable).toEqual([])
    expect((await send(orch, id, 'go on')).receipt.delivery).toBe('confirmed')
    expect((await trail(orch, id)).trail?.map(({ type }) => type).slice(0, 2)).toEqual(['created', 'adopted'])
    expect(await status(orch)).toMatchObject({ orphans: [], agents: [{ id }] })
    expect((await abandon(orch, [id])).results).toMatchObject([{ ok: true, stop: { proven: true } }])
    expect(place.server.agents()).toEqual([])
  })

  it('of nothing, of an agent and of what two mean is refused, and leaves nothing', async () => {
    const orch = await place.open()
    await expect(adopt(orch, '%99')).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
    const pane = place.server.stranger('x')
    const { agent } = await adopt(orch, pane)
    await expect(adopt(orch, pane)).rejects.toMatchObject({
      code: 'AGENT_EXISTS',
      agent: agent?.id,
      message: expect.stringContaining(`it is the agent "${agent?.id}" already`),
    })
    expect(await orch.registry.ids('open')).toHaveLength(1)
    expect(await orch.registry.ids('closed')).toEqual([])
    const cannot = await place.open({ memory: { without: ['adopt'] }, backend: 'memory' })
    await expect(adopt(cannot, pane)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(await listAdoptable(await place.open({ memory: { without: ['adopt'] } }))).toMatchObject({
      adoptable: [],
      backends: [],
    })
  })

  it('by two at once makes one agent, and the other leaves no workspace', async () => {
    const pane = place.server.stranger('x')
    const others = [await place.open(), await place.open()]
    const ends = await Promise.allSettled(others.map((orch) => adopt(orch, pane)))
    expect(ends.map((end) => end.status).sort()).toEqual(['fulfilled', 'rejected'])
    const orch = await place.open()
    const [id] = await orch.registry.ids('open')
    expect(await orch.registry.ids('open')).toHaveLength(1)
    for (const closed of await orch.registry.ids('closed')) {
      expect(await orch.registry.get(closed)).toMatchObject({ record: { lifecycle: 'failed' } })
      expect(existsSync(join(place.project, '.orch', 'workspace', closed))).toBe(false)
    }
    expect(existsSync(join(place.project, '.orch', 'workspace', id as string))).toBe(true)
  })

  it('whose process dies after the tag is found by the next look, and given no task', async () => {
    const pane = place.server.stranger('x')
    const dying = await place.open({ memory: { crash: { at: 'adopt:after', how: 'reject' } } })
    await expect(adopt(dying, pane)).rejects.toMatchObject({ code: 'BACKEND_ERROR' })
    const orch = await place.open()
    const { agents } = await status(orch)
    expect(agents).toMatchObject([{ lifecycle: 'active', state: 'idle' }])
    expect(place.server.received(agents[0]?.id as string)).toHaveLength(1)
  })

  it('lists what it can when a backend cannot be looked at, and says so', async () => {
    place.server.stranger('x')
    const orch = await place.open()
    place.server.freeze()
    expect(await listAdoptable(orch)).toMatchObject({
      complete: false,
      adoptable: [],
      backends: [{ name: 'memory', ok: false }],
    })
    await expect(adopt(orch, '%1')).rejects.toMatchObject({
      code: 'AGENT_NOT_FOUND',
      message: expect.stringContaining('could not be looked at'),
    })
  })
})
