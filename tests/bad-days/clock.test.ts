import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import type { SendDocument, SpawnDocument, StatusDocument, WaitDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import type { OrchOptions, OrchRun } from '../harness/orch.ts'
import { perTest } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { openCodePlace, receivedBy, tmuxPlace } from '../stories/support/place.ts'
import { interactiveAgent } from '../stories/support/program.ts'
import { runningAgent } from '../stories/support/running.ts'

const preload = fileURLToPath(new URL('programs/shift-clock.cjs', import.meta.url))
/** The clock was set back an hour after everything else happened. */
const back: Partial<OrchOptions> = { preload, env: { ORCH_TEST_CLOCK_MS: '-3600000' } }

const scope = perTest()

describe('a clock that is set back an hour', () => {
  it('changes nothing about an agent on tmux, looked at from both sides', async () => {
    const place = await scope.use(tmuxPlace())
    const old = await runningAgent(place, 'Before')
    const spawned = await place.orchWith(back, '--json', 'spawn', 'After', ...interactiveAgent)
    const { id, spawnedAt } = documentOf<SpawnDocument>(spawned).agent
    expect(Date.now() - Date.parse(spawnedAt)).toBeGreaterThan(3_500_000)
    const shown = await place.orchWith(back, 'status')
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.stdout).not.toMatch(/\s-\d|NaN|Invalid/)
    for (const options of [{}, back]) {
      const { agents, ...rest } = documentOf<StatusDocument>(await place.orchWith(options, '--json', 'status'))
      expect(rest).toMatchObject({ complete: true, orphans: [] })
      expect(agents.map(({ id, state }) => [id, state]).sort()).toEqual(
        [
          [old, 'running'],
          [id, 'running'],
        ].sort(),
      )
      for (const each of [old, id]) {
        const sent = documentOf<SendDocument>(await place.orchWith(options, '--json', 'send', each, 'hello'))
        expect(sent.receipt.delivery).toBe('accepted')
      }
      const timed = await place.orchWith(options, '--json', 'wait', old, '--timeout', '1s')
      expect(timed.code).toBe(124)
      expect((timed.json as WaitDocument).waitedMs).toBeLessThan(60_000)
    }
    for (const each of [old, id]) {
      await eventually(async () => (await receivedBy(place, each)).length === 3)
      expect((await receivedBy(place, each)).slice(1)).toEqual(['hello', 'hello'])
    }
    expect((await place.orchWith(back, 'phase', 'Complete', '--id', old)).code).toBe(0)
    expect(await place.json('wait', old)).toMatchObject({ code: 0, outcome: 'met' })
    const completed = await place.orchWith(back, '--json', 'complete', old)
    expect(completed).toMatchObject({ code: 0, json: { results: [{ ok: true, lifecycle: 'completed' }] } })
    expect(await place.agent(old)).toMatchObject({ lifecycle: 'completed', state: 'done' })
    expect(await place.json('abandon', id)).toMatchObject({ code: 0 })
    const ended = documentOf<StatusDocument>(await place.orchWith(back, '--json', 'status', '--ended'))
    expect(ended.agents.map((agent) => agent.lifecycle).sort()).toEqual(['abandoned', 'completed'])
  })

  it('does not take a spawn from the process that is at it, and takes it from one that died', async () => {
    const place = await scope.use(tmuxPlace())
    const args = ['spawn', 'Task', '--key', 'one', ...interactiveAgent]
    const runs = await Promise.all([place.orch(...args), place.orchWith(back, ...args), place.orchWith(back, ...args)])
    expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1)
    for (const run of runs) expect(run.code).toBe(0)
    const id = (runs[0]?.stdout ?? '').trim()
    await eventually(async () => (await receivedBy(place, id)).length > 0)
    expect(await receivedBy(place, id)).toHaveLength(1)
    expect((await place.tmux.windows()).filter((name) => name !== 'orch')).toEqual([id])
  })

  it('keeps no turn open on OpenCode, and ends none early', async () => {
    const model = await scope.use(startScriptedModel())
    const place = await scope.use(openCodePlace({ model }))
    const id = await place.spawn('Say [[answer: one]]')
    const turns = (): number => model.requests.filter(({ kind }) => kind === 'turn').length
    for (const [count, options] of [back, {}, back].entries()) {
      const waited = await place.orchWith(options, '--json', 'wait', id, '--until', 'idle')
      expect(waited).toMatchObject({ code: 0, json: { outcome: 'met' } })
      expect(turns()).toBe(count + 1)
      const sent = documentOf<SendDocument>(
        await place.orchWith(options, '--json', 'send', id, `Say [[answer: ${count}]]`),
      )
      expect(sent.receipt.delivery).toMatch(/^(confirmed|queued|accepted)$/)
    }
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(turns()).toBe(4)
    const abandoned = await place.orchWith(back, '--json', 'abandon', id)
    expect(abandoned).toMatchObject({ code: 0, json: { results: [{ ok: true }] } })
  })
})

function documentOf<T>({ code, stdout, stderr, json }: OrchRun): T {
  if (code === 0 && stderr === '') return json as T
  throw new Error(`Cannot read a document: exit code ${code}, "${stdout}", "${stderr}"`)
}
