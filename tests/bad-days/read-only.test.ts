import { readdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { perTest } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { expectRefused } from '../stories/support/expect-refused.ts'
import { openCodePlace, receivedBy, tmuxPlace } from '../stories/support/place.ts'
import { interactiveAgent } from '../stories/support/program.ts'
import { runningAgent } from '../stories/support/running.ts'
import { textsOfTail } from '../stories/support/tail.ts'
import { errorOf } from './support/error-of.ts'
import { liveOn } from './support/life.ts'
import { smallDisk } from './support/small-disk.ts'

const scope = perTest()
const refused = { code: 'DISK', exitCode: 74, says: 'EROFS' }
const notEnded = { code: 74, results: [{ ok: false, error: { code: 'DISK', outcome: 'none' } }] }

describe('a state folder that became read-only', () => {
  it('lets agents on tmux be looked at and not be changed; after that all goes on', async () => {
    const disk = await scope.use(smallDisk())
    const place = await scope.use(tmuxPlace({ XDG_STATE_HOME: disk.path }))
    const id = await runningAgent(place, 'Print [[print: hello]] [[ask: Who is it?]]')
    await disk.makeReadOnly()
    const open = { id, state: 'waiting', requests: [{ text: 'Who is it?' }] }
    expect(await place.json('status')).toMatchObject({ code: 0, complete: true, orphans: [], agents: [open] })
    expect(await place.json('check', id)).toMatchObject({ code: 0, agent: open })
    expect(await textsOfTail(place, id)).toContain('hello')
    expect(await place.json('wait', id)).toMatchObject({ code: 23 })
    expect(await place.json('answer', id)).toMatchObject({ code: 0, requests: [{ text: 'Who is it?' }] })
    expect(await place.json('doctor')).toMatchObject({
      code: 69,
      checks: expect.arrayContaining([expect.objectContaining({ name: 'records', result: 'fail' })]),
    })
    await expectRefused(
      place,
      { args: ['spawn', 'x', ...interactiveAgent], ...refused },
      { args: ['send', id, 'x', '--force'], ...refused },
      { args: ['answer', id, 'me'], ...refused },
    )
    expect(await place.json('abandon', id)).toMatchObject(notEnded)
    expect(await place.json('complete', id, '--force')).toMatchObject(notEnded)
    expect(await place.json('phase', 'Testing', '--id', id)).toMatchObject({ code: 0 })
    expect(await receivedBy(place, id)).toHaveLength(1)
    await disk.makeWritable()
    expect(await place.json('answer', id, 'me')).toMatchObject({ code: 0, result: 'answered' })
    await liveOn(place, id)
  })

  it('lets agents on OpenCode be looked at and not be changed; after that all goes on', async () => {
    const disk = await scope.use(smallDisk())
    const model = await scope.use(startScriptedModel())
    const place = await scope.use(openCodePlace({ model, env: { XDG_STATE_HOME: disk.path } }))
    const id = await place.spawn('Say [[answer: hello]]')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    await disk.makeReadOnly()
    expect(await place.json('status')).toMatchObject({ code: 0, complete: true, agents: [{ id, state: 'idle' }] })
    expect(await place.json('check', id)).toMatchObject({ code: 0, agent: { id, state: 'idle' } })
    expect((await textsOfTail(place, id)).join('\n')).toContain('hello')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    await expectRefused(place, { args: ['spawn', 'x'], ...refused }, { args: ['send', id, 'x'], ...refused })
    expect(await place.json('abandon', id)).toMatchObject(notEnded)
    expect(model.requests.filter(({ kind }) => kind === 'turn')).toHaveLength(1)
    await disk.makeWritable()
    expect(await place.json('send', id, 'Say [[answer: again]]')).toMatchObject({ code: 0 })
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(await place.json('complete', id, '--force')).toMatchObject({ code: 0, results: [{ ok: true }] })
  })

  it('is refused where orch never was before', async () => {
    const disk = await scope.use(smallDisk())
    const place = await scope.use(tmuxPlace({ XDG_STATE_HOME: disk.path }))
    await disk.makeReadOnly()
    await expectRefused(
      place,
      { args: ['status'], ...refused },
      { args: ['spawn', 'x', ...interactiveAgent], ...refused },
      { args: ['abandon', 'x'], ...refused },
    )
  })
})

describe('a project that became read-only', () => {
  it('refuses a spawn, a phase and a clean, and lets all else be done', async () => {
    const disk = await scope.use(smallDisk())
    const place = await scope.use(tmuxPlace({}, `${disk.path}/project`))
    const id = await place.spawn('Wait', '--program', '--', '/bin/cat')
    await disk.makeReadOnly()
    await expectRefused(
      place,
      { args: ['spawn', 'x', ...interactiveAgent], ...refused, recorded: true },
      { args: ['phase', 'Testing', '--id', id], ...refused },
    )
    expect(await place.json('status')).toMatchObject({ code: 0, complete: true, agents: [{ id, state: 'running' }] })
    expect(await place.json('send', id, 'hello')).toMatchObject({ code: 0, receipt: { delivery: 'accepted' } })
    expect(await place.json('complete', id, '--force')).toMatchObject({ code: 0, results: [{ ok: true }] })
    const stays = { removed: false, error: { code: 'DISK', outcome: 'none' } }
    expect(await place.json('clean', id)).toMatchObject({ code: 74, results: [stays] })
    await disk.makeWritable()
    expect(await place.json('clean', id)).toMatchObject({ code: 0, results: [{ removed: true, error: null }] })
  })
})

describe('the configuration of a project without room, or read-only', () => {
  it('is changed whole or not at all, and says which file could not be written', async () => {
    const disk = await scope.use(smallDisk())
    const place = await scope.use(tmuxPlace({}, `${disk.path}/project`))
    const file = await place.write('.orch/config.json', '{\n  // mine\n  "maxParallel": 1\n}\n')
    const refuses = async (why: string, ...args: string[]): Promise<void> => {
      const { code, message, outcome } = errorOf(await place.orch('--json', ...args))
      expect({ code, message, outcome }).toEqual({
        ...{ code: 'DISK', outcome: 'none' },
        message: expect.stringContaining(args[0] === 'init' ? `.gitignore" ready (${why})` : `"${file}" (${why})`),
      })
      expect(await readdir(dirname(file))).toEqual(['config.json'])
    }
    disk.fill()
    await refuses('ENOSPC', 'config', 'set', 'maxParallel', '2')
    await refuses('ENOSPC', 'init')
    disk.free()
    await disk.makeReadOnly()
    await refuses('EROFS', 'config', 'unset', 'maxParallel')
    await refuses('EROFS', 'init')
    await disk.makeWritable()
    expect(await place.json('config', 'unset', 'maxParallel')).toMatchObject({ code: 0, changed: true })
    expect(await place.json('init')).toMatchObject({ code: 0 })
    expect(await readFile(file, 'utf8')).toBe('{\n  // mine\n}\n')
  })
})
