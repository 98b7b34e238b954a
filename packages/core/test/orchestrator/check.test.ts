import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { git, gitRepository } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { check } from '../../src/orchestrator/check.ts'
import { complete } from '../../src/orchestrator/complete.ts'
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
    })
    expect(document.tail.map(({ text }) => text)).toEqual(['b', 'c', 'd', 'e', 'f'])
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
