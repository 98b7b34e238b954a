import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { perTest } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { expectRefused } from '../stories/support/expect-refused.ts'
import { openCodePlace, tmuxPlace } from '../stories/support/place.ts'
import { interactiveAgent } from '../stories/support/program.ts'
import { runningAgent } from '../stories/support/running.ts'
import { liveOn, liveOneDay } from './support/life.ts'

const scope = perTest()

/** 64 kB in variables of all sizes, with everything in them that a shell, tmux or a line reader could take up. */
function largeEnvironment(): Record<string, string> {
  const hostile = `a 'b' "c" $(touch /nowhere) \`d\` #{pid} #(e) %H \\ ;\n+f\nEg=h\n.\n🦄`
  const many = Array.from({ length: 200 }, (_, index) => [`MANY_${index}`, `${index}${'x'.repeat(100)}`])
  return { ...Object.fromEntries(many), HOSTILE: hostile, LARGE: 'y'.repeat(42_000), 'not.a-name': 'left out' }
}

describe('an environment of 64 kB', () => {
  it('reaches an agent on tmux whole', async () => {
    const env = largeEnvironment()
    expect(JSON.stringify(env).length).toBeGreaterThan(64_000)
    const place = await scope.use(tmuxPlace(env))
    const id = await runningAgent(place, 'Task')
    const agent = (await place.processesOf(id)).find(({ argv }) => argv[1]?.endsWith('agent.mjs'))
    const { 'not.a-name': _, ...named } = env
    expect(agent?.environment).toMatchObject(named)
    await liveOn(place, id)
  })

  it('does no harm on OpenCode', async () => {
    const model = await scope.use(startScriptedModel())
    const place = await scope.use(openCodePlace({ model, env: largeEnvironment() }))
    const id = await place.spawn('Say [[answer: hello]]')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(await place.json('complete', id, '--force')).toMatchObject({ code: 0, results: [{ ok: true }] })
  })
})

describe('a single variable of 100 kB', () => {
  it('reaches an agent on tmux whole', async () => {
    const place = await scope.use(tmuxPlace({ LARGE: 'z'.repeat(100_000) }))
    const id = await runningAgent(place, 'Task')
    const agent = (await place.processesOf(id)).find(({ argv }) => argv[1]?.endsWith('agent.mjs'))
    expect(agent?.environment.LARGE).toBe('z'.repeat(100_000))
    await liveOn(place, id)
  })
})

describe('without HOME', () => {
  it.each([null, '', 'some/where'])('(%j) a day goes by as with it', async (home) => {
    const place = await scope.use(tmuxPlace())
    delete place.env.HOME
    if (home !== null) place.env.HOME = home
    await liveOneDay(place)
    await expectRefused(place, { args: ['check', 'nobody'], code: 'AGENT_NOT_FOUND', exitCode: 66 })
  })

  it.each([null, 'some/where'])('(%j) a day goes by on OpenCode', async (home) => {
    const model = await scope.use(startScriptedModel())
    const place = await scope.use(openCodePlace({ model }))
    delete place.env.HOME
    if (home !== null) place.env.HOME = home
    const id = await place.spawn('Say [[answer: hello]]')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(await place.json('send', id, 'Say [[answer: more]]')).toMatchObject({ code: 0 })
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(await place.json('complete', id, '--force')).toMatchObject({ code: 0, results: [{ ok: true }] })
  })
})

describe('a HOME', () => {
  it('that is not there yet is made, and XDG variables that are unset or relative lie below it', async () => {
    const place = await scope.use(tmuxPlace())
    const home = join(place.env.HOME as string, 'not', 'yet')
    for (const xdg of [undefined, 'relative']) {
      for (const name of Object.keys(place.env).filter((each) => each.startsWith('XDG_'))) {
        delete place.env[name]
        if (xdg !== undefined) place.env[name] = xdg
      }
      place.env.HOME = home
      const run = await place.orch('--json', 'status')
      expect(run).toMatchObject({ code: 0, json: { agents: [] } })
    }
    expect(await place.orch('doctor')).toMatchObject({ stdout: expect.stringContaining(`${home}/.local/state/orch`) })
    expect((await place.json('status')).project).toBe(place.project)
  })

  it('that is a file is refused', async () => {
    const place = await scope.use(tmuxPlace())
    const home = join(place.env.HOME as string, 'file')
    await writeFile(home, '')
    const env = { HOME: home, XDG_STATE_HOME: '', XDG_CONFIG_HOME: '' }
    const refused = { code: 'DISK', exitCode: 74, says: 'ENOTDIR', env }
    await expectRefused(
      place,
      { args: ['status'], ...refused },
      { args: ['spawn', 'x', ...interactiveAgent], ...refused },
    )
    await rm(home)
  })
})
