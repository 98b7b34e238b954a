import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { gitRepository } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { previewSpawn } from '../../src/spawn/preview-spawn.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('previewSpawn()', () => {
  it('shows what spawn makes then, to the last character of the context, and makes nothing', async () => {
    await gitRepository(place.project)
    writeFileSync(join(place.project, 'plan.md'), 'First A.')
    const orch = await place.open()
    const options = {
      ...{ task: 'Fix it', skill: 'careful', context: ['plan.md'], deliverables: ['{{workspace}}/a.md'] },
      ...{ verify: ['true'], key: 'k', model: 'small', labels: { team: 'a' } },
    }
    mkdirSync(join(place.project, '.claude/skills/careful'), { recursive: true })
    writeFileSync(join(place.project, '.claude/skills/careful/SKILL.md'), 'Look twice.')
    const preview = await previewSpawn(orch, options)
    expect(existsSync(join(place.project, '.orch'))).toBe(false)
    expect((await orch.registry.list('open')).records).toEqual([])
    const { agent } = await spawn(orch, options)
    const record = (await orch.registry.get(agent.id))?.record
    const own = (text: string): string => text.replaceAll(preview.agent.id, agent.id)
    expect(place.server.received(agent.id)).toEqual([own(preview.context)])
    expect(record).toMatchObject(JSON.parse(own(JSON.stringify({ ...preview.agent, permissionRules: undefined }))))
    expect(preview).toMatchObject({ apiVersion: 1, dryRun: true, holder: null, start: null, attachments: [] })
    expect(JSON.parse(JSON.stringify(preview))).toEqual(preview)
    expect(await previewSpawn(orch, options)).toMatchObject({ holder: agent.id })
    expect(readdirSync(join(place.project, '.orch/workspace'))).toEqual([agent.id])
  })

  it.each([
    [{ task: ' ' }, 'EMPTY_TASK'],
    [{ task: 'x', name: 'No Id' }, 'USAGE'],
    [{ task: 'x', skill: 'gone' }, 'SKILL_NOT_FOUND'],
    [{ task: 'x', context: ['gone'] }, 'FILE_NOT_FOUND'],
    [{ task: 'x', worktree: true }, 'WORKTREE_UNSUPPORTED'],
    [{ task: 'x', after: [{ agent: 'gone' }] }, 'AGENT_NOT_FOUND'],
  ])('refuses %j as spawn does', async (options, code) => {
    const orch = await place.open()
    await expect(previewSpawn(orch, options)).rejects.toMatchObject({ code })
    await expect(spawn(orch, options)).rejects.toMatchObject({ code })
  })
})
