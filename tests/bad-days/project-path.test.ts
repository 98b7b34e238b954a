import { mkdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { StatusDocument } from '@orch/core'
import { perTest } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { openCodePlace, tmuxPlace } from '../stories/support/place.ts'
import { interactiveAgent } from '../stories/support/program.ts'
import { runningAgent } from '../stories/support/running.ts'
import { errorOf } from './support/error-of.ts'
import { liveOn, liveOneDay } from './support/life.ts'

const scope = perTest()

const names = [
  `with spaces, 'single' and "double" quotes `,
  'a new\nline and a 🦄 é 漢',
  '#{pid} #(touch x) ##{y} %H %1 $(touch z) `w` $HOME ~',
  '-leading dash; and; semicolons;',
  'back\\slash\\n\\',
]

describe('a project whose path is hostile', () => {
  it.each(names)('lives a whole day on tmux: %j', async (name) => {
    const place = await scope.use(tmuxPlace({}, join('above', name)))
    expect(await place.json('status', '-C', place.project)).toMatchObject({ code: 0, project: place.project })
    await liveOneDay(place)
  })

  it.each(names)('lives on OpenCode: %j', async (name) => {
    const model = await scope.use(startScriptedModel())
    const place = await scope.use(openCodePlace({ model }))
    const folder = join(place.project, name)
    await mkdir(join(folder, '.git'), { recursive: true })
    const spawned = await place.orchWith({ cwd: folder }, 'spawn', 'Say [[answer: hello]]')
    expect(spawned).toMatchObject({ code: 0, stderr: '' })
    const id = spawned.stdout.trim()
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({
      code: 0,
      agents: [{ agent: { directory: folder } }],
    })
    expect(await place.json('send', id, 'Say [[answer: more]]')).toMatchObject({ code: 0 })
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect((await place.orch('tail', id)).stdout).toContain('more')
    expect(await place.json('complete', id, '--force')).toMatchObject({ code: 0, results: [{ ok: true }] })
  })

  it('as long as a path may be lives a whole day, and one longer than that is refused', async () => {
    const place = await scope.use(tmuxPlace())
    const long = async (bytes: number): Promise<string> => {
      let path = place.project
      while (path.length < bytes) path = join(path, 'd'.repeat(Math.min(200, Math.max(bytes - path.length - 1, 1))))
      await mkdir(path, { recursive: true })
      await mkdir(join(path, '.git'), { recursive: true })
      return path
    }
    const cwd = await long(3_900)
    const spawned = await place.orchWith({ cwd }, '--json', 'spawn', 'Task', '--program', '--', '/bin/cat')
    expect(spawned).toMatchObject({ code: 0, json: { agent: { project: cwd } } })
    const { agent } = spawned.json as { agent: { id: string } }
    expect((await place.orchWith({ cwd }, '--json', 'check', agent.id)).code).toBe(0)
    expect((await place.orchWith({ cwd }, '--json', 'complete', agent.id, '--force')).code).toBe(0)
    const tooLong = await place.orchWith(
      { cwd: await long(4_060) },
      '--json',
      'spawn',
      'x',
      '--program',
      '--',
      '/bin/cat',
    )
    expect(errorOf(tooLong)).toMatchObject({ code: 'WORKSPACE_UNWRITABLE', outcome: 'none' })
    expect((await place.tmux.windows()).filter((name) => name !== 'orch')).toEqual([])
  })
})

describe('a project that is reached through a symbolic link', () => {
  it('is one project with the same agents under both names', async () => {
    const place = await scope.use(tmuxPlace())
    const link = `${place.project}-link`
    await symlink(place.project, link)
    const spawned = await place.orchWith({ cwd: link }, 'spawn', 'Through the link', ...interactiveAgent)
    const other = await place.spawn('Directly', ...interactiveAgent)
    const ids = [spawned.stdout.trim(), other].sort()
    for (const args of [[], ['-C', link], ['-C', `${link}/.`], ['-C', place.project]]) {
      const { agents, project } = await place.json<StatusDocument>('status', ...args)
      expect([project, agents.map(({ id }) => id).sort()]).toEqual([place.project, ids])
    }
    const keyed = await Promise.all(
      [link, place.project].map((cwd) => place.orchWith({ cwd }, 'spawn', 'x', '--key', 'one', ...interactiveAgent)),
    )
    expect(keyed[0]?.stdout).toBe(keyed[1]?.stdout)
    await rm(link)
    expect(errorOf(await place.orchWith({}, '--json', 'status', '-C', link))).toMatchObject({
      code: 'PROJECT_NOT_FOUND',
    })
  })
})

describe('a project that goes away while its agent lives', () => {
  it('leaves an agent of which that is said, and which is ended from elsewhere', async () => {
    const place = await scope.use(tmuxPlace())
    const id = await place.spawn('Task', '--program', '--', '/bin/cat')
    await rm(place.project, { recursive: true })
    const elsewhere = { cwd: place.env.HOME as string }
    const run = async (...args: string[]): Promise<unknown> => (await place.orchWith(elsewhere, '--json', ...args)).json
    const unseen = { id, state: 'unknown', reason: { code: 'PROJECT_GONE' } }
    expect(await run('status', '-A')).toMatchObject({ complete: true, agents: [unseen] })
    expect(await run('check', id)).toMatchObject({ agent: unseen })
    expect(await run('send', id, 'hello')).toMatchObject({ receipt: { delivery: 'refused' } })
    expect(await run('wait', id, '--timeout', '1s')).toMatchObject({ outcome: 'timeout' })
    const gone = await place.orchWith(elsewhere, '--json', 'phase', 'Testing', '--id', id, '-C', place.project)
    expect(errorOf(gone)).toMatchObject({ code: 'PROJECT_NOT_FOUND' })
    expect(await run('complete', id, '--force')).toMatchObject({ results: [{ id, ok: true, stop: { proven: true } }] })
    expect(await place.processesOf(id)).toEqual([])
  })

  it('and comes back leaves all as it was', async () => {
    const place = await scope.use(tmuxPlace())
    const id = await runningAgent(place, 'Task')
    await rename(place.project, `${place.project}-away`)
    const away = await place.orchWith({ cwd: place.env.HOME as string }, '--json', 'status', '-A')
    expect(away).toMatchObject({ code: 0, json: { agents: [{ id, state: 'unknown' }] } })
    await rename(`${place.project}-away`, place.project)
    await liveOn(place, id)
  })
})
