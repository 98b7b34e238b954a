import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createPlace, type Place } from './harness/place.ts'
import { finished, MAIN, sourceFile, startScript } from './harness/run-orch.ts'

const OWN_YARGS = fileURLToPath(new URL('./fixtures/own-yargs.ts', import.meta.url))
const FILES = readdirSync(sourceFile('commands'))

let place: Place
beforeAll(() => {
  place = createPlace()
})
afterAll(() => place.remove())

describe('every command file is a script by itself', () => {
  it.each(FILES)('%s', async (file) => {
    const child = startScript(place, sourceFile(`commands/${file}`), ['--help'])
    const { code, stdout, stderr } = await finished(child)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^orch ${file.replace('.ts', '')}\\b`))
  })

  it('status.ts --json prints the document', async () => {
    const { code, stdout } = await finished(startScript(place, sourceFile('commands/status.ts'), ['--json']))
    const backends = [{ name: 'opencode' }, { name: 'tmux' }, { name: 'memory' }]
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      apiVersion: 1,
      complete: true,
      backends,
      agents: [],
    })
  })

  it('is a command module that any yargs can run', async () => {
    const child = startScript(place, OWN_YARGS, ['status', '--json', '--state', 'failed'])
    const { code, stdout } = await finished(child)
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, apiVersion: 1, agents: [] })
  })

  it('main.ts runs every verb', async () => {
    const { code, stdout } = await finished(startScript(place, MAIN, ['status', '--json']))
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, agents: [] })
  })
})
