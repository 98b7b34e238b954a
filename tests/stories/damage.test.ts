import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { StatusDocument } from '@orch/core'
import { perTest } from '../harness/scope.ts'
import { expectRefused } from './support/expect-refused.ts'
import { type Place, receivedBy, tmuxPlace } from './support/place.ts'
import { runningAgent } from './support/running.ts'
import { snapshot } from './support/snapshot.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await scope.use(tmuxPlace())
})

function recordOf(id: string): string {
  return join(place.state, 'agents', `${id}.jsonl`)
}

const commands = (id: string): string[][] => [
  ['check', id],
  ['tail', id],
  ['send', id, 'Hello'],
  ['wait', id],
  ['answer', id],
  ['interrupt', id],
]

describe('a record', () => {
  it('with a line that is no event is read without it, and the agent is used as ever, with a warning', async () => {
    const id = await runningAgent(place, 'Work')
    await appendFile(recordOf(id), '\n{"v":1,"uid":"torn","base":')
    expect(await place.json('status')).toMatchObject({
      code: 0,
      complete: true,
      warnings: [{ code: 'RECORD_LINE_SKIPPED', text: expect.stringContaining(id) }],
      agents: [{ id, state: 'running' }],
    })
    expect(await place.json('send', id, 'Hello')).toMatchObject({ code: 0 })
    expect(await place.json('abandon', id)).toMatchObject({ code: 0, results: [{ ok: true }] })
    expect(await place.tmux.windows()).not.toContain(id)
  })

  it('that lost an event is not trusted: unknown, refused with 65, and nothing is ended; others are as ever', async () => {
    const other = await runningAgent(place, 'Other')
    const id = await runningAgent(place, 'Work')
    await place.json('send', id, 'Hello')
    const lines = (await readFile(recordOf(id), 'utf8')).split('\n').filter((line) => line !== '')
    expect(lines.length).toBeGreaterThan(2)
    await writeFile(recordOf(id), lines.toSpliced(1, 1).join('\n'))
    await expectCorrupt(id)
    expect(await place.json('abandon', other)).toMatchObject({ code: 0 })
  })

  it('whose first line is broken is named by status and refused with 65; others are as ever', async () => {
    const other = await runningAgent(place, 'Other')
    const id = await runningAgent(place, 'Work')
    const text = await readFile(recordOf(id), 'utf8')
    await writeFile(recordOf(id), `garbage${text}`)
    await expectCorrupt(id)
    await writeFile(recordOf(id), text)
    expect(await place.agent(id)).toMatchObject({ state: 'running' })
    expect(await place.json('abandon', other)).toMatchObject({ code: 0 })
  })

  async function expectCorrupt(id: string): Promise<void> {
    const status = await place.json<StatusDocument>('status')
    expect(status.warnings).toMatchObject([{ code: 'RECORD_CORRUPT', text: expect.stringContaining(id) }])
    expect(status.orphans).toEqual([])
    expect(status.agents.filter((agent) => agent.id === id && agent.state !== 'unknown')).toEqual([])
    expect(status.agents.filter((agent) => agent.id !== id)).toMatchObject([{ state: 'running' }])
    const refusal = { code: 'RECORD_CORRUPT', exitCode: 65, says: id }
    await expectRefused(place, ...commands(id).map((args) => ({ args, ...refusal })))
    const before = await snapshot(place)
    for (const args of [
      ['complete', '--force', id],
      ['abandon', id],
    ]) {
      const run = await place.json(...args)
      expect({ args, ...run }).toMatchObject({ code: 65, results: [{ ok: false, error: { code: 'RECORD_CORRUPT' } }] })
    }
    expect(await snapshot(place)).toEqual(before)
    expect(await place.tmux.windows()).toContain(id)
  }
})

describe('a project directory', () => {
  it('that is gone is refused with 66; its agents are seen and ended from elsewhere', async () => {
    const id = await runningAgent(place, 'Work')
    const moved = `${place.project}-moved`
    await rename(place.project, moved)
    const elsewhere = { cwd: place.env.HOME as string }
    await expectRefused(place, {
      ...elsewhere,
      ...{ args: ['status', '-C', place.project], code: 'PROJECT_NOT_FOUND', exitCode: 66, says: place.project },
    })
    const all = await place.orchWith(elsewhere, 'status', '-A', '--json')
    expect(all).toMatchObject({
      code: 0,
      json: { agents: [{ id, state: 'unknown', reason: { code: 'PROJECT_GONE' } }] },
    })
    const ended = await place.orchWith(elsewhere, 'abandon', id, '--json')
    expect(ended).toMatchObject({ code: 0, json: { results: [{ ok: true, stop: { proven: true } }] } })
    expect(await place.tmux.windows()).not.toContain(id)
  })
})

describe('a workspace that cannot be written', () => {
  it.each(['.orch', '.orch/workspace'])(
    'because "%s" is a file: spawn is refused with 73 and makes nothing',
    async (path) => {
      const file = await place.write(path, 'in the way\n')
      await expectRefused(place, {
        ...{
          args: ['spawn', 'x', '--program', '--', 'cat'],
          code: 'WORKSPACE_UNWRITABLE',
          exitCode: 73,
          says: '/.orch',
        },
      })
      expect(await readFile(file, 'utf8')).toBe('in the way\n')
      expect(await place.json('status', '--ended')).toMatchObject({ agents: [] })
      expect(await place.processes()).toEqual([])
      await rm(file)
      expect(await receivedBy(place, await runningAgent(place, 'Now'))).toHaveLength(1)
    },
  )

  it('because it was removed while the agent runs: its report is refused with 66, the agent is as ever', async () => {
    const id = await runningAgent(place, 'Work')
    const workspace = join(place.project, '.orch', 'workspace', id)
    await rm(workspace, { recursive: true })
    await expectRefused(place, {
      ...{ args: ['phase', 'Complete', '--id', id], code: 'AGENT_NOT_FOUND', exitCode: 66, says: workspace },
    })
    expect(await place.agent(id)).toMatchObject({ state: 'running', phase: null })
  })

  it('because a folder stands where its page should be: it is unknown, its report is refused with 73', async () => {
    const id = await runningAgent(place, 'Work')
    const page = join(place.project, '.orch', 'workspace', id, 'WORKSPACE.md')
    await rm(page)
    await place.write(`.orch/workspace/${id}/WORKSPACE.md/file`, '')
    expect(await place.agent(id)).toMatchObject({ state: 'unknown', reason: { code: 'WORKSPACE_UNREADABLE' } })
    await expectRefused(place, {
      ...{ args: ['phase', 'Complete', '--id', id], code: 'WORKSPACE_UNWRITABLE', exitCode: 73, says: id },
    })
    expect(await place.json('complete', id)).toMatchObject({ code: 40 })
    expect(await place.tmux.windows()).toContain(id)
  })
})
