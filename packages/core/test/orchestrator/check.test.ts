import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { git, gitRepository } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { send } from '../../src/messages/send.ts'
import { check } from '../../src/orchestrator/check.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import { sumUsage } from '../../src/usage.ts'
import { createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('check()', () => {
  it('has the agent, its page, the end of its transcript, and what git shows since its spawn', async () => {
    await gitRepository(place.project)
    const { orch, id } = await place.spawn(
      '[[answer: a]][[answer: b]][[answer: c]][[answer: d]][[answer: e]][[answer: f]]',
    )
    writeFileSync(join(place.project, '.orch/workspace', id, 'WORKSPACE.md'), 'Phase: Testing\n')
    writeFileSync(join(place.project, 'new file'), '')
    await git(place.project, 'commit', '--quiet', '--allow-empty', '--message', 'By the agent')
    const document = await check(orch, id)
    expect(document).toMatchObject({
      apiVersion: 1,
      warnings: [],
      agent: { id, state: 'idle', phase: { name: 'Testing' } },
      git: { branch: 'main', commits: [{ subject: 'By the agent' }], dirty: ['new file'] },
      workspaceText: 'Phase: Testing\n',
      deliverables: [],
      chain: [
        { source: 'api', reason: null },
        {
          source: 'file',
          detail: 'WORKSPACE.md',
          reason: { code: 'NO_STATE', text: expect.stringContaining('Testing') },
        },
      ],
    })
    expect(document.tail.map(({ text }) => text)).toEqual(['b', 'c', 'd', 'e', 'f'])
  })

  it('has what the newest turns used, and how full the context was at the last answer', async () => {
    const { orch, id } = await place.spawn('x')
    for (const text of ['[[answer: b c]]', '[[answer: d]]']) await send(orch, id, text)
    const { turns, agent } = await check(orch, id)
    expect(turns?.slice(1)).toMatchObject([
      { startedAt: expect.any(String), endedAt: expect.any(String), usage: { outputTokens: 2, contextTokens: null } },
      { messageId: expect.any(String), usage: { outputTokens: 1 } },
    ])
    expect(sumUsage(turns?.map(({ usage }) => usage) ?? [])).toMatchObject({
      inputTokens: agent.usage?.inputTokens,
      outputTokens: agent.usage?.outputTokens,
    })
    expect(agent.usage).toMatchObject({ contextTokens: null, contextLimit: null })

    const contexts = [{ contextTokens: 10, contextLimit: 99 }, { contextTokens: 30, contextLimit: 99 }, {}]
    const full = await place.open({
      wrap: (backend) => ({
        ...backend,
        async read(ref, query, signal) {
          const page = await backend.read(ref, query, signal)
          const shown = page.turns?.map((turn, index) => ({ ...turn, usage: { ...turn.usage, ...contexts[index] } }))
          return { ...page, turns: shown ?? [] }
        },
      }),
    })
    expect((await check(full, id)).agent.usage).toMatchObject({ contextTokens: 30, contextLimit: 99 })
  })

  it('does not know the turns of a backend that does not show them, nor of one that cannot be read', async () => {
    const { id } = await place.spawn('x')
    expect(await check(await place.open({ memory: { without: ['transcript'] } }), id)).toMatchObject({ turns: null })
    place.server.freeze()
    expect(await check(await place.open(), id)).toMatchObject({ turns: null, agent: { usage: null } })
  })

  it('has no git outside of it, and nothing to read of a spawn that made nothing', async () => {
    const orch = await place.open()
    await orch.registry.create(interrupted(orch, { target: (await orch.backend('memory')).target, owner: null }))
    expect(await check(orch, 'half-made-7k3q')).toMatchObject({
      git: null,
      workspaceText: null,
      tail: [],
      warnings: [],
      agent: { lifecycle: 'failed', state: 'failed' },
    })
  })

  it('warns when the transcript cannot be read, and has the rest', async () => {
    const { id } = await place.spawn('x')
    place.server.freeze()
    expect(await check(await place.open(), id)).toMatchObject({
      agent: { state: 'unknown' },
      tail: [],
      warnings: [{ code: 'BACKEND_UNREACHABLE' }],
      workspaceText: expect.any(String),
    })
  })

  it('shows a closed agent', async () => {
    const { orch, id } = await place.spawn('x')
    await complete(orch, [id], { force: true })
    expect(await check(orch, id)).toMatchObject({ agent: { state: 'done', lifecycle: 'completed' } })
  })

  it('says that there is no such agent, or that its record cannot be trusted', async () => {
    const { orch, id } = await place.spawn('x')
    await expect(check(orch, 'nobody-7k3q')).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
    writeFileSync(place.recordFile(id), 'garbage')
    await expect(check(orch, id)).rejects.toMatchObject({ code: 'RECORD_CORRUPT', agent: id })
  })

  it('rejects with the reason when it is aborted', async () => {
    const { orch, id } = await place.spawn('x')
    await expect(check(orch, id, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
  })
})
