import { expect } from '@jest/globals'
import type { CheckDocument, CompleteDocument, SendDocument, StatusDocument } from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import { type Place, receivedBy } from '../../stories/support/place.ts'
import { runningAgent } from '../../stories/support/running.ts'
import { textsOfTail } from '../../stories/support/tail.ts'

/** Leads one agent on tmux through a whole day, from spawn to complete, and proves that all of it works. */
export async function liveOneDay(place: Place, task = 'Print [[print: good morning]]'): Promise<void> {
  const id = await runningAgent(place, task)
  await liveOn(place, id)
}

/** The day of an agent that is there already. */
export async function liveOn(place: Place, id: string): Promise<void> {
  const status = await place.json<StatusDocument>('status')
  expect(status).toMatchObject({ code: 0, complete: true, orphans: [], warnings: [] })
  expect(status.agents.find((agent) => agent.id === id)).toMatchObject({ state: 'running', lifecycle: 'active' })
  expect(await place.json<CheckDocument>('check', id)).toMatchObject({ code: 0, agent: { id, state: 'running' } })
  const before = await receivedBy(place, id)
  const sent = await place.json<SendDocument>('send', id, 'Say [[print: it is noon]]')
  expect(sent).toMatchObject({ code: 0, receipt: { delivery: 'accepted' } })
  await eventually(async () => (await textsOfTail(place, id)).includes('it is noon'))
  expect(await receivedBy(place, id)).toEqual([...before, 'Say [[print: it is noon]]'])
  const waiting = await place.start('wait', id, '--json')
  await place.json('send', id, '[[phase: Complete - all is done]]')
  expect(await waiting.result()).toMatchObject({ code: 0, json: { outcome: 'met' } })
  const completed = await place.json<CompleteDocument>('complete', id)
  expect(completed).toMatchObject({ code: 0, results: [{ ok: true, lifecycle: 'completed', stop: { proven: true } }] })
  expect(await place.tmux.windows()).not.toContain(id)
  expect(await place.processesOf(id)).toEqual([])
  expect(await place.agent(id)).toMatchObject({ state: 'done', lifecycle: 'completed' })
}
