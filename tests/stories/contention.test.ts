import { describe, expect, it } from '@jest/globals'
import type { SpawnDocument, StatusDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { managedServer } from './support/managed-server.ts'
import { openCodePlace, type Place, receivedBy, tmuxPlace } from './support/place.ts'
import { interactiveAgent } from './support/program.ts'

const scope = perTest()

async function atOnce(
  place: Place,
  count: number,
  args: (index: number) => readonly string[],
): Promise<SpawnDocument[]> {
  const indexes = Array.from({ length: count }, (_, index) => index)
  const runs = await Promise.all(indexes.map((index) => place.orch('--json', 'spawn', ...args(index))))
  for (const run of runs) expect(run).toMatchObject({ code: 0, stderr: '' })
  return runs.map(({ json }) => json as SpawnDocument)
}

describe('20 processes that spawn at the same instant', () => {
  it('start one OpenCode server and 20 agents in it', async () => {
    const model = await scope.use(startScriptedModel())
    const place = await scope.use(openCodePlace({ model }))
    const spawned = await atOnce(place, 20, (index) => [`Task ${index} [[answer: done]]`])
    const ids = spawned.map(({ agent }) => agent.id).sort()
    expect(new Set(ids).size).toBe(20)
    const servers = (await place.processes()).filter(({ argv }) => argv.includes('serve'))
    const { process, sessionOf } = await managedServer(place)
    expect(servers.map(({ pid }) => pid)).toEqual([process.pid])
    for (const id of ids) expect(await sessionOf(id)).toMatchObject({ directory: place.project })
    expect(await place.json('wait', '--until', 'idle', ...ids)).toMatchObject({ code: 0, outcome: 'met' })
    const status = await place.json<StatusDocument>('status')
    expect(status).toMatchObject({ complete: true, orphans: [], counts: { idle: 20 } })
    expect(status.agents.map(({ id }) => id).sort()).toEqual(ids)
    const first = model.requests.filter(({ kind }) => kind === 'turn').map(({ userTexts }) => userTexts.length)
    expect(first).toEqual(ids.map(() => 1))
  })

  it('start one tmux server and 20 agents in it, each with its own task', async () => {
    const place = await scope.use(tmuxPlace())
    const spawned = await atOnce(place, 20, (index) => [`Task ${index} of 20`, ...interactiveAgent])
    const ids = spawned.map(({ agent }) => agent.id).sort()
    expect(new Set(ids).size).toBe(20)
    expect((await place.tmux.windows()).filter((name) => ids.includes(name)).sort()).toEqual(ids)
    for (const { agent } of spawned) {
      const texts = await eventually(async () => {
        const received = await receivedBy(place, agent.id)
        return received.length > 0 && received
      })
      expect(texts).toEqual([expect.stringContaining(`${agent.task}\n`)])
    }
    expect(await place.json('status')).toMatchObject({ complete: true, orphans: [], counts: { running: 20 } })
    const abandoned = await place.json<{ results: { ok: boolean }[] }>('abandon', '--request-timeout', '2m', ...ids)
    expect([abandoned.code, abandoned.results.filter(({ ok }) => !ok)]).toEqual([0, []])
    expect((await place.tmux.windows()).filter((name) => ids.includes(name))).toEqual([])
  })

  it('with the same --key make one agent', async () => {
    const place = await scope.use(tmuxPlace())
    const spawned = await atOnce(place, 20, () => ['The one task', '--key', 'issue-12', ...interactiveAgent])
    const ids = new Set(spawned.map(({ agent }) => agent.id))
    expect(ids.size).toBe(1)
    expect(spawned.filter(({ created }) => created)).toHaveLength(1)
    const [id = ''] = ids
    await eventually(async () => (await receivedBy(place, id)).length > 0)
    expect((await place.tmux.windows()).filter((name) => name !== 'orch')).toEqual([id])
    expect((await place.json<StatusDocument>('status', '--ended')).agents.map((agent) => agent.id)).toEqual([id])
    expect(await receivedBy(place, id)).toHaveLength(1)
    expect(await place.json('spawn', 'Another', '--key', 'issue-12')).toMatchObject({ created: false, agent: { id } })
  })
})
