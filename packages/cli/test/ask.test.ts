import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { callOrch } from './harness/call-orch.ts'
import { createPlace, type Place } from './harness/place.ts'
import { finished, MAIN, runOrch, startScript } from './harness/run-orch.ts'

let place: Place
let id: string
beforeEach(async () => {
  place = createPlace()
  id = (await callOrch(place, ['spawn', 'Say hello [[answer: hello]]'])).stdout.trim()
})
afterEach(() => place.remove())

/** Looks until the agent asks this. */
async function asked(text: string): Promise<void> {
  await eventually(async () => (await callOrch(place, ['answer', id])).stdout.includes(text))
}

it('ask prints exactly the answer, also when it was killed before and is run again', async () => {
  const first = startScript(place, MAIN, ['ask', 'Which database?', '--id', id])
  await asked('Which database?')
  first.kill('SIGKILL')
  await finished(first)
  const second = startScript(place, MAIN, ['ask', 'Which database?', '--id', id])
  const folder = join(place.project, '.orch', 'workspace', id, 'asks')
  const waits = (): boolean =>
    readdirSync(folder).some(
      (name) => name.endsWith('.asking') && JSON.parse(readFileSync(join(folder, name), 'utf8')).pid === second.pid,
    )
  await eventually(waits)
  expect(await callOrch(place, ['answer', id, 'Postgres'])).toMatchObject({ code: 0 })
  expect(await finished(second)).toMatchObject({ code: 0, stdout: 'Postgres\n', stderr: '' })
})

it('ask prints its document with --json, and says that it was interrupted or out of time', async () => {
  const done = callOrch(place, ['ask', 'Which?', '--json'], { env: { ORCH_AGENT_ID: id } })
  await asked('Which?')
  expect(await callOrch(place, ['answer', id, 'a\nb'])).toMatchObject({ code: 0 })
  const { code, stdout } = await done
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, agent: id, answer: 'a\nb', via: 'ask' })
  expect(await callOrch(place, ['ask', 'And?', '--id', id, '--timeout', '1s'])).toMatchObject({ code: 124, stdout: '' })
  expect(await callOrch(place, ['ask', 'And?'])).toMatchObject({ code: 64, stdout: '' })
  expect(await callOrch(place, ['ask', 'And?', '--id', 'nobody-7k3q'])).toMatchObject({ code: 66, stdout: '' })
  expect(await runOrch(place, ['ask', 'Which?', '--id', id, '--timeout', '1s'])).toMatchObject({ code: 124 })
  await asked('Which? (2)')
})
