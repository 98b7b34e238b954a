import { describe, expect, it } from '@jest/globals'
import type { CompleteDocument, Receipt, SendDocument, StatusDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import type { OrchRun } from '../harness/orch.ts'
import { perTest } from '../harness/scope.ts'
import { type Backend, openCodeBackend, tmuxBackend, type World } from '../kill/support/world.ts'

const scope = perTest()

describe.each([tmuxBackend, openCodeBackend])('one agent on $name', (backend: Backend) => {
  it('gets each message of 20 senders at the same instant once', async () => {
    const world = await backend.open(scope)
    const id = await idleAgent(world)
    const texts = Array.from({ length: 20 }, (_, index) => `<message ${index}>`)
    const runs = await Promise.all(texts.map((text) => world.place.orch('--json', 'send', id, text)))
    expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(texts.map(() => ({ code: 0, stderr: '' })))
    for (const run of runs) expect(['confirmed', 'queued', 'accepted']).toContain(receiptOf(run).delivery)
    await eventually(async () => (await timesReceived(world, id, texts)).every((times) => times === 1), {
      what: 'each message once',
      timeoutMs: 30_000,
    })
    await atRest(world, id)
    expect(await timesReceived(world, id, texts)).toEqual(texts.map(() => 1))
    expect(await world.place.agent(id)).toMatchObject({ lifecycle: 'active', requests: [] })
  })

  it('is completed while others send to it and look at it, and takes no message into its end', async () => {
    const world = await backend.open(scope)
    const { place } = world
    for (const round of ['one', 'two', 'three']) {
      const id = await idleAgent(world)
      expect(await place.orch('phase', 'Complete', '--id', id)).toMatchObject({ code: 0 })
      const texts = Array.from({ length: 5 }, (_, index) => `<${round} ${index}>`)
      const [sent, completed, looked] = await Promise.all([
        Promise.all(texts.map((text) => place.orch('--json', 'send', id, text))),
        Promise.all([1, 2].map(() => place.orch('--json', 'complete', id))),
        Promise.all([1, 2, 3].map(() => place.orch('--json', 'status', '--ended'))),
      ])
      for (const run of looked) {
        expect(run).toMatchObject({ code: 0, stderr: '', json: { complete: true, orphans: [], warnings: [] } })
        expect((run.json as StatusDocument).agents.filter((agent) => agent.id === id)).toHaveLength(1)
      }
      for (const run of completed) {
        expect([0, 40]).toContain(run.code)
        expect((run.json as CompleteDocument).results).toMatchObject([{ id, error: null }])
      }
      for (const run of sent) expect(run.code).toBe(receiptOf(run).delivery === 'refused' ? 30 : 0)
      const isOver = completed.some(({ code }) => code === 0)
      expect((await place.agent(id)).lifecycle).toBe(isOver ? 'completed' : 'active')
      if (!isOver) await atRest(world, id)
      const times = await timesReceived(world, id, texts)
      for (const [index, run] of sent.entries()) {
        const { delivery } = receiptOf(run)
        const isUnread = delivery === 'refused' || (delivery === 'accepted' && isOver && times[index] === 0)
        const said = { delivery, isOver, completed: completed.map(({ code }) => code) }
        expect({ ...said, times: times[index] }).toEqual({ ...said, times: isUnread ? 0 : 1 })
      }
      if (!isOver) expect(await place.orch('complete', '--force', id)).toMatchObject({ code: 0 })
      expect(await place.processesOf(id)).toEqual([])
    }
  })
})

function receiptOf({ json }: OrchRun): Receipt {
  return (json as SendDocument).receipt
}

async function timesReceived(world: World, id: string, texts: readonly string[]): Promise<number[]> {
  const all = await world.received(id)
  return texts.map((text) => all.split(text).length - 1)
}

async function idleAgent(world: World): Promise<string> {
  const id = await world.place.spawn('Listen', ...world.agent)
  await eventually(async () => (await world.received(id)).includes('Listen'), { what: 'its task in its hands' })
  await atRest(world, id)
  return id
}

/** No turn runs, as far as its program shows that. */
async function atRest({ place }: World, id: string): Promise<void> {
  await eventually(async () => ['idle', 'running', 'done'].includes((await place.agent(id)).state), {
    what: 'the end of its turn',
    timeoutMs: 30_000,
  })
}
