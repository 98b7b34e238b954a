import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { SendDocument, StatusDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import type { OrchRun } from '../harness/orch.ts'
import { perTest } from '../harness/scope.ts'
import { type Place, receivedBy, tmuxPlace } from '../stories/support/place.ts'
import { runningAgent } from '../stories/support/running.ts'
import { errorOf } from './support/error-of.ts'
import { fullAfter } from './support/full-after.ts'
import { liveOn } from './support/life.ts'

const scope = perTest()
let place: Place
let id: string

beforeEach(async () => {
  place = await scope.use(tmuxPlace())
  id = await runningAgent(place, 'Task')
})

describe('without room for another byte', () => {
  it('send tells truly what it delivered, and what it did not deliver never comes', async () => {
    const told: Record<string, string[]> = { accepted: [], none: [], unconfirmed: [] }
    await untilUndisturbed(async (effects) => {
      const text = `message ${effects}`
      const run = await place.orchWith(fullAfter({ effects, size: 0 }), '--json', 'send', id, text)
      const { receipt } = (run.json ?? {}) as Partial<SendDocument>
      const outcome = receipt?.delivery ?? errorOf(run).outcome
      told[outcome]?.push(text)
      return run
    })
    expect(await place.json('send', id, 'last')).toMatchObject({ code: 0 })
    const received = await eventually(async () => {
      const texts = await receivedBy(place, id)
      return texts.at(-1) === 'last' && texts
    })
    expect(received.slice(1)).toEqual([...(told.accepted ?? []), 'last'])
    expect({ none: (told.none ?? []).length > 0, unconfirmed: told.unconfirmed }).toEqual({
      none: true,
      unconfirmed: [],
    })
    await liveOn(place, id)
  })

  it.each([0, 1, 20, 200])('an update that is cut after %i bytes is never continued', async (bytes) => {
    const record = join(place.state, 'agents', `${id}.jsonl`)
    const { size } = await stat(record)
    const full = fullAfter({ effects: 0, size: size + bytes })
    expect(errorOf(await place.orchWith(full, '--json', 'send', id, 'lost'))).toMatchObject({ code: 'DISK' })
    expect((await stat(record)).size).toBe(size + bytes)
    const [, ...texts] = await receivedBy(place, id)
    expect(texts).toEqual([])
    const { agents, warnings } = await place.json<StatusDocument>('status')
    expect(agents).toMatchObject([{ id, state: 'running' }])
    expect(warnings).toHaveLength(bytes > 1 ? 1 : 0)
  })

  it('a phase is reported whole, or not at all', async () => {
    const page = join(place.project, '.orch', 'workspace', id, 'WORKSPACE.md')
    const before = await readFile(page, 'utf8')
    for (const bytes of [0, 1, 8, 14, 15, 18]) {
      const full = fullAfter({ effects: 0, size: before.length + bytes })
      const args = ['--json', 'phase', 'Complete', '--note', 'done', '--id', id]
      expect(errorOf(await place.orchWith(full, ...args))).toMatchObject({ code: 'DISK', outcome: 'none' })
      expect([bytes, await readFile(page, 'utf8')]).toEqual([bytes, before])
    }
    expect(await place.agent(id)).toMatchObject({ state: 'running', phase: null })
  })

  it.each(['complete', 'abandon'])('%s closes a record, or leaves it open and says so', async (verb) => {
    const lifecycle = verb === 'complete' ? 'completed' : 'abandoned'
    let own = id
    await untilUndisturbed(async (effects) => {
      own ||= await runningAgent(place, 'Task')
      await place.json('phase', 'Complete', '--id', own)
      const run = await place.orchWith(fullAfter({ effects, size: 0 }), '--json', verb, own)
      const done = run.code === 0
      expect({ effects, ...run }).toMatchObject({
        ...{ effects, code: done ? 0 : 74 },
        json: { results: [{ id: own, ok: done, error: done ? null : { code: 'DISK' } }] },
      })
      expect({ effects, ...(await place.agent(own)) }).toMatchObject({
        effects,
        lifecycle: done ? lifecycle : 'active',
      })
      expect(await place.json(verb, own)).toMatchObject({ code: 0, results: [{ id: own, ok: true }] })
      expect([await place.processesOf(own), await place.tmux.windows()]).toEqual([[], ['orch']])
      own = ''
      return run
    })
  })
})

/** Runs with room for one effect more each time, until a few in a row are not disturbed any more. */
async function untilUndisturbed(attempt: (effects: number) => Promise<OrchRun>): Promise<void> {
  let undisturbed = 0
  for (let effects = 0; undisturbed < 4; effects++) {
    const { code } = await attempt(effects)
    undisturbed = code === 0 ? undisturbed + 1 : 0
  }
}
