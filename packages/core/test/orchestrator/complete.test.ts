import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Backend } from '../../src/backend.ts'
import { OrchError } from '../../src/errors.ts'
import { send } from '../../src/messages/send.ts'
import { check } from '../../src/orchestrator/check.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { interrupt } from '../../src/orchestrator/interrupt.ts'
import { resume } from '../../src/orchestrator/resume.ts'
import { status } from '../../src/orchestrator/status.ts'
import { currentOwner } from '../../src/process-owner.ts'
import { recoverAll } from '../../src/recovery/recover-all.ts'
import { createPlace, interrupted, type Place, type PlaceOptions } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('complete()', () => {
  it('verifies, ends the agent, proves it and closes the record', async () => {
    const { orch, id } = await place.spawn('x')
    page(id, 'Phase: Complete - all done\n')
    const document = await complete(orch, [id])
    expect(document).toEqual({
      apiVersion: 1,
      warnings: [],
      dryRun: false,
      results: [
        {
          id,
          ok: true,
          checks: [
            { name: 'phase', result: 'pass', text: expect.any(String) },
            { name: 'state', result: 'pass', text: 'It is done' },
            { name: 'requests', result: 'pass', text: expect.any(String) },
            { name: 'turn', result: 'pass', text: expect.any(String) },
            { name: 'queue', result: 'pass', text: expect.any(String) },
            { name: 'deliverables', result: 'skip', text: expect.any(String) },
            { name: 'changes', result: 'skip', text: expect.any(String) },
            { name: 'verify', result: 'skip', text: 'No command was agreed on' },
            { name: 'kept', result: 'pass', text: expect.any(String) },
          ],
          verify: null,
          changes: null,
          kept: { summary: kept(id, 'SUMMARY.md'), transcript: kept(id, 'transcript.jsonl') },
          delivered: null,
          stop: { proven: true, evidence: [expect.anything()] },
          lifecycle: 'completed',
          error: null,
        },
      ],
    })
    expect(place.server.agents()).toEqual([])
    expect((await orch.registry.get(id))?.closed).toBe(true)
    expect(existsSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'))).toBe(true)
  })

  it.each(['the server dies', 'it is interrupted'])(
    'says nothing of a message after Complete when %s in its turn',
    async (how) => {
      const { orch, id } = await place.spawn('x', { memory: { survives: true } })
      page(id, 'Phase: Complete - all done\n')
      await send(orch, id, '[[hang: more work]]')
      if (how === 'the server dies') place.server.kill()
      else await interrupt(orch, id)
      const [found] = (await recoverAll(orch, { dryRun: true })).findings
      expect(found).toMatchObject({ kind: 'stopped', id, next: `orch resume ${id}` })
      const [result] = (await complete(orch, [id])).results
      expect(result).toMatchObject({ ok: false, lifecycle: 'active' })
      const outcomes = Object.fromEntries((result?.checks ?? []).map((check) => [check.name, check.result]))
      expect(outcomes).toMatchObject({ phase: 'fail', turn: 'fail', queue: 'fail', requests: 'skip' })
      expect((await resume(orch, [id], { message: '[[answer: went on]]' })).results).toMatchObject([{ ok: true }])
      expect((await complete(orch, [id])).results).toMatchObject([{ ok: true, lifecycle: 'completed' }])
    },
  )

  it.each<readonly [string, string, string, string]>([
    ['the phase is not Complete', 'x', 'Phase: Testing\n', 'phase'],
    ['there is no phase', 'x', '', 'phase'],
    ['the phase only begins with Complete', 'x', 'Phase: Complete later\n', 'phase'],
    ['a permission is asked for', '[[permission: a]]', 'Phase: Complete\n', 'requests'],
    ['a question stands on the page', 'x', 'Phase: Complete\nQUESTION: a?\n', 'requests'],
    ['a turn runs', '[[hang: a]]', 'Phase: Complete\n', 'turn'],
  ])('changes nothing when %s', async (_, task, text, check) => {
    const { orch, id } = await place.spawn(task)
    page(id, text)
    const { results } = await complete(orch, [id])
    expect(results).toMatchObject([{ id, ok: false, stop: null, lifecycle: 'active', error: null }])
    expect(results[0]?.checks).toContainEqual(expect.objectContaining({ name: check, result: 'fail' }))
    expect(place.server.agents()).toEqual([id])
    expect((await orch.registry.get(id))?.record.lifecycle).toBe('active')
  })

  it.each(['phase', 'requests', 'turn'])('with force overrides a failed %s, and says so', async (name) => {
    const task = { phase: 'x', requests: '[[permission: a]]', turn: '[[hang: a]]' }[name] as string
    const { orch, id } = await place.spawn(task)
    page(id, name === 'phase' ? '' : 'Phase: Complete\n')
    const { results } = await complete(orch, [id], { force: true })
    expect(results).toMatchObject([{ ok: true, lifecycle: 'completed', stop: { proven: true } }])
    expect(results[0]?.checks.find((check) => check.name === name)?.result).toBe('overridden')
    expect((await orch.registry.get(id))?.record.overridden).toContain(name)
    expect(place.server.agents()).toEqual([])
  })

  it.each([true, false])('with dry-run changes nothing (force: %j)', async (force) => {
    const { orch, id } = await place.spawn('x')
    const before = await orch.registry.get(id)
    const { dryRun, results } = await complete(orch, [id], { dryRun: true, force })
    expect({ dryRun, results }).toMatchObject({
      dryRun: true,
      results: [{ ok: force, stop: null, lifecycle: 'active' }],
    })
    page(id, 'Phase: Complete\n')
    expect((await complete(orch, [id], { dryRun: true })).results).toMatchObject([{ ok: true, stop: null }])
    expect(await orch.registry.get(id)).toEqual(before)
    expect(place.server.agents()).toEqual([id])
  })

  it('skips the turn of a program that does not show it', async () => {
    const { orch, id } = await place.spawn('x', { memory: { without: ['turns', 'requests'] } })
    page(id, 'Phase: Complete\n')
    const { results } = await complete(orch, [id])
    expect(results).toMatchObject([
      { ok: true, checks: { 2: { name: 'requests' }, 3: { name: 'turn', result: 'skip' } } },
    ])
  })

  it('does not complete what could not be looked at', async () => {
    const { id } = await place.spawn('x')
    page(id, 'Phase: Complete\n')
    place.server.freeze()
    const { results } = await complete(await place.open(), [id])
    expect(results).toMatchObject([{ ok: false, lifecycle: 'active', stop: null }])
    const [, state, requests, turn] = results[0]?.checks ?? []
    expect([state, requests, turn].map((check) => check?.result)).toEqual(['skip', 'fail', 'fail'])
    expect(requests?.text).toContain('could not be looked at')
    const forced = await complete(await place.open(), [id], { force: true })
    expect(forced.results).toMatchObject([{ ok: false, error: { code: 'BACKEND_UNREACHABLE', agent: id } }])
    place.server.thaw()
    expect((await status(await place.open())).agents).toMatchObject([{ id, lifecycle: 'active' }])
  })

  it('keeps the record open when the end could not be proven', async () => {
    const { orch, id } = await place.spawn('x', { wrap: unproven })
    page(id, 'Phase: Complete\n')
    const { results } = await complete(orch, [id])
    expect(results).toMatchObject([{ ok: false, stop: { proven: false }, lifecycle: 'active', error: null }])
    expect((await orch.registry.get(id))?.record).toMatchObject({ lifecycle: 'active', endedAt: null })
    expect((await status(orch)).agents).toMatchObject([{ id, state: 'done', reason: { code: 'PHASE_COMPLETE' } }])
    expect((await complete(await place.open(), [id])).results).toMatchObject([{ ok: true, lifecycle: 'completed' }])
  })

  it('keeps saying that an agent failed whose end could not be proven', async () => {
    const { id } = await place.spawn('[[exit: 3]]')
    const orch = await place.open({ wrap: unproven })
    await complete(orch, [id], { force: true })
    expect((await status(orch)).agents).toMatchObject([{ id, state: 'failed', lifecycle: 'active' }])
  })

  it('goes on after a crash between the end of the agent and the closing of its record', async () => {
    const { id } = await place.spawn('x')
    page(id, 'Phase: Complete\n')
    const crashing = await place.open({ memory: { crash: { at: 'stop:after', how: 'reject' } } })
    expect((await complete(crashing, [id])).results).toMatchObject([{ ok: false, error: { outcome: 'unknown' } }])
    const orch = await place.open()
    expect((await status(orch)).agents).toMatchObject([{ id, state: 'done', lifecycle: 'active' }])
    expect((await complete(orch, [id])).results).toMatchObject([{ ok: true, lifecycle: 'completed' }])
  })

  it('completes what has ended by itself, and what failed so only by force', async () => {
    for (const task of ['[[exit: 0]]', '[[exit: 3]]']) {
      const { orch, id } = await place.spawn(task)
      page(id, 'Phase: Complete\nQUESTION: nobody will ever know?\n')
      const [seen] = (await complete(orch, [id])).results
      if (task === '[[exit: 0]]') expect(seen).toMatchObject({ ok: true, lifecycle: 'completed' })
      else {
        expect(seen).toMatchObject({ ok: false, stop: null, lifecycle: 'active' })
        expect(seen?.checks.filter(({ result }) => result === 'fail')).toMatchObject([
          { name: 'state', text: expect.stringContaining('It failed: ') },
        ])
        expect((await complete(orch, [id], { force: true })).results).toMatchObject([{ ok: true }])
        expect((await orch.registry.get(id))?.record.overridden).toEqual(['state'])
      }
    }
  })

  it('twice is fine', async () => {
    const { orch, id } = await place.spawn('x')
    page(id, 'Phase: Complete\n')
    await complete(orch, [id])
    expect((await complete(orch, [id])).results).toMatchObject([
      { ok: true, lifecycle: 'completed', checks: [{ name: 'record', result: 'pass' }], stop: null },
    ])
  })

  it('at once from several processes is fine', async () => {
    const { id } = await place.spawn('x')
    page(id, 'Phase: Complete\n')
    const all = await Promise.all(Array.from({ length: 6 }, () => place.open()))
    const documents = await Promise.all(all.map((orch) => complete(orch, [id])))
    for (const { results } of documents)
      expect(results).toMatchObject([{ ok: true, lifecycle: 'completed', error: null }])
  })

  it('cannot complete what was abandoned', async () => {
    const { orch, id } = await place.spawn('x')
    const stored = await orch.registry.get(id)
    await orch.registry.archive(id, stored?.revision ?? 0, { type: 'x', set: { lifecycle: 'abandoned' } })
    expect((await complete(orch, [id])).results).toMatchObject([
      { ok: false, lifecycle: 'abandoned', checks: [{ name: 'record', result: 'fail' }] },
    ])
  })

  it('gives each agent of a batch a result of its own, in order', async () => {
    const { orch, id } = await place.spawn('x')
    const other = await place.spawn('y')
    page(other.id, 'Phase: Complete\n')
    const { results } = await complete(orch, [id, 'nobody-7k3q', other.id, id])
    expect(results).toMatchObject([
      { id, ok: false },
      {
        id: 'nobody-7k3q',
        ok: false,
        checks: [],
        lifecycle: null,
        error: { code: 'AGENT_NOT_FOUND', outcome: 'none' },
      },
      { id: other.id, ok: true },
    ])
  })

  it('does not touch an agent whose record cannot be trusted', async () => {
    const { orch, id } = await place.spawn('x')
    const event = { v: 1, uid: 'u', base: 99, at: '', type: 'x', set: {} }
    appendFileSync(place.recordFile(id), `\n${JSON.stringify(event)}\n`)
    expect((await complete(orch, [id], { force: true })).results).toMatchObject([{ error: { code: 'RECORD_CORRUPT' } }])
    expect(place.server.agents()).toEqual([id])
  })

  it('verifies again when a message was sent meanwhile, and does not end the turn that it began', async () => {
    const { id } = await place.spawn('x')
    page(id, 'Phase: Complete\n')
    let looks = 0
    const orch = await place.open({ wrap: (backend) => ({ ...backend, observe: lookThenSend(backend) }) })
    const { results } = await complete(orch, [id])
    expect(results).toMatchObject([{ ok: false, stop: null, lifecycle: 'active' }])
    expect(results[0]?.checks).toContainEqual(
      expect.objectContaining({ name: 'turn', result: 'fail', text: 'A turn runs' }),
    )
    expect(looks).toBe(2)
    expect(place.server.received(id).at(-1)).toBe('[[hang: a]]')

    function lookThenSend(backend: Backend): Backend['observe'] {
      return async (refs, signal) => {
        const result = await backend.observe(refs, signal)
        looks += 1
        if (looks === 1) await send(await place.open(), id, '[[hang: a]]')
        return result
      }
    }
  })

  it('keeps what the agent had used though it was killed right after the end', async () => {
    const { orch, id } = await place.spawn('one two')
    const { usage } = (await check(orch, id)).agent
    page(id, 'Phase: Complete\n')
    const stopped = await place.open({
      wrap: (backend) => ({
        ...backend,
        async stop(ref, signal) {
          await backend.stop(ref, signal)
          throw new OrchError('BACKEND_ERROR', 'Cannot go on: killed')
        },
      }),
    })
    expect((await complete(stopped, [id])).results).toMatchObject([{ error: { code: 'BACKEND_ERROR' } }])
    expect((await complete(orch, [id])).results).toMatchObject([{ ok: true }])
    expect((await check(orch, id)).agent).toMatchObject({ lifecycle: 'completed', usage })
    expect(usage?.inputTokens).toBeGreaterThan(0)
  })

  it('leaves no attempt open: nothing is on its way any more', async () => {
    const { id } = await place.spawn('x')
    await send(await place.open({ memory: { crash: { at: 'send:before', how: 'reject' } } }), id, 'lost')
    const orch = await place.open()
    await complete(orch, [id], { force: true })
    expect((await orch.registry.get(id))?.record.attempts).toEqual([])
  })

  it('does not end a spawn that a living process is still at', async () => {
    const orch = await place.open()
    const half = interrupted(orch, { target: (await orch.backend('memory')).target, owner: currentOwner() })
    await orch.registry.create(half)
    expect((await complete(orch, [half.id], { force: true })).results).toMatchObject([
      { ok: false, error: { code: 'BUSY', retryable: true } },
    ])
    expect((await orch.registry.get(half.id))?.closed).toBe(false)
  })
})

const unproven: NonNullable<PlaceOptions['wrap']> = (backend) => ({
  ...backend,
  stop: async () => ({ proven: false, evidence: [] }),
})

function kept(id: string, name: string): string {
  return join(place.project, '.orch/workspace', id, 'kept-by-orch', name)
}

function page(id: string, text: string): void {
  writeFileSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'), text)
}
