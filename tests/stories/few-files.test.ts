import { expect, it } from '@jest/globals'
import type { AbandonDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { tmuxPlace } from './support/place.ts'
import { programFile } from './support/program.ts'

const scope = perTest()
const preload = programFile('few-files.cjs')

it('abandon proves nothing that it could not see, when few files can be opened', async () => {
  const place = await scope.use(tmuxPlace())
  const stubborn = 'trap "" HUP TERM; sleep infinity & wait'
  const ids = await Promise.all(
    ['one', 'two', 'three'].map((name) =>
      place.spawn(
        'Task',
        '--name',
        name,
        '--program',
        '--',
        '/bin/sh',
        '-c',
        `setsid sh -c '${stubborn}' & ${stubborn}`,
      ),
    ),
  )
  for (const id of ids) await eventually(async () => (await place.processesOf(id)).length === 5)
  const run = await place.orchWith({ preload }, '--json', 'abandon', ...ids)
  const { results } = run.json as AbandonDocument
  for (const { id, stop } of results) {
    if (stop?.proven === true) expect(await place.processesOf(id)).toEqual([])
    else expect((await place.agent(id)).lifecycle).toBe('active')
  }
  expect(results.map(({ ok }) => ok)).toEqual([true, true, true])
})
