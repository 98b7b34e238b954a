import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { callOrch } from './harness/call-orch.ts'
import { createPlace, MEMORY_CONFIG, type Place } from './harness/place.ts'

let place: Place
beforeEach(() => {
  place = createPlace({ defaultBackend: 'tmux' })
})
afterEach(() => place.remove())

describe('a configuration that is not valid', () => {
  it('keeps no agent from reporting, and nobody from ending one', async () => {
    place.write('.orch/config.json', JSON.stringify(MEMORY_CONFIG))
    const id = (await callOrch(place, ['spawn', 'Wait', '--name', 'x'])).stdout.trim()
    place.write('.orch/config.json', '{ "backends":\n no')
    expect(await callOrch(place, ['phase', 'Testing', '--id', id])).toMatchObject({ code: 0, stderr: '' })
    const asked = await callOrch(place, ['ask', 'Which?', '--id', id, '--timeout', '1ms'])
    expect(asked).toMatchObject({ code: 124, stderr: expect.not.stringContaining('config.json') })
    const lost = await callOrch(place, ['abandon', id])
    expect(lost).toMatchObject({ code: 78, stdout: expect.stringContaining('line 2, column 2') })
    expect(await callOrch(place, ['status'])).toMatchObject({ code: 78 })
    place.write('.orch/config.json', JSON.stringify({ ...MEMORY_CONFIG, maxParallel: 0 }))
    for (const verb of ['interrupt', 'abandon'])
      expect(await callOrch(place, [verb, id])).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('at "maxParallel"'),
      })
  })
})

describe('orch config', () => {
  it('prints one value alone, for scripts', async () => {
    expect(await callOrch(place, ['config', 'get', 'defaultBackend'])).toEqual({
      code: 0,
      stdout: 'tmux\n',
      stderr: '',
    })
    const unset = await callOrch(place, ['config', 'get', 'models.fast'])
    expect(unset).toEqual({ code: 66, stdout: '', stderr: 'orch: Nothing is set\n' })
    const { stdout } = await callOrch(place, ['config', 'get', 'models.fast', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ action: 'get', key: 'models.fast', value: null, settings: [] })
  })

  it('sets and lists', async () => {
    expect(await callOrch(place, ['config', 'set', 'models.a\x1b[2J', 'x'])).toMatchObject({ code: 0 })
    expect(await callOrch(place, ['config', 'set', 'models.fast', 'x', '--user'])).toMatchObject({ code: 0 })
    const long = 'x'.repeat(40)
    expect(await callOrch(place, ['config', 'set', 'models.long', long])).toMatchObject({ code: 0 })
    const { stdout } = await callOrch(place, ['config', 'list', '--origin'])
    expect(stdout).toMatch(/^models\.fast +user +x +\S+home\/config\/orch\/config\.json$/m)
    expect(stdout).toContain(` ${long} `)
    expect(await callOrch(place, ['config', 'unset', 'models.fast', '--user'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^models\.fast is not set in \S+home\/config\/orch\/config\.json\n$/),
      stderr: '',
    })
    const again = await callOrch(place, ['config', 'unset', 'models.fast', '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject({ action: 'unset', key: 'models.fast', value: null, changed: false })
    expect(stdout).not.toContain('\x1b')
    expect(readFileSync(join(place.project, '.orch/config.json'), 'utf8')).toContain('"defaultBackend":"tmux"')
  })

  it.each([
    ['set models.fast', 64, 'no value is given'],
    ['get', 64, 'no key is given'],
    ['get models x', 64, 'takes no "x"'],
    ['unset models x', 64, 'takes no "x"'],
    ['set models.fast null', 64, 'orch config unset models.fast'],
    ['set defaultBackend tmix', 64, 'Did you mean "tmux"?'],
    ['list models', 64, 'takes no "models"'],
    ['list --user', 64, 'takes no "--user"'],
    ['set modles.fast x', 64, 'Did you mean "models"?'],
    ['list -C /nowhere', 66, '/nowhere'],
  ])('%s exits with %d', async (line, code, text) => {
    const called = await callOrch(line.includes('-C') ? null : place, ['config', ...line.split(' ')])
    expect(called).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) })
  })

  it('names the file of a configuration that is not valid', async () => {
    place.write('.orch/config.json', '{ "defaultBakend": 1 }')
    expect(await callOrch(place, ['config', 'list'])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('did you mean "defaultBackend"?'),
    })
  })
})
