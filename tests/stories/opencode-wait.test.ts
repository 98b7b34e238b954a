import { beforeAll, describe, expect, it } from '@jest/globals'
import { perFile } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { openCodePlace, type Place } from './support/place.ts'

const scope = perFile()
let place: Place

beforeAll(async () => {
  const model = await scope.use(startScriptedModel())
  place = await scope.use(openCodePlace({ model }))
})

describe('waiting for the answer of a turn on OpenCode', () => {
  it('prints exactly what the agent said last, and its id beside it', async () => {
    const run = await place.orch('spawn', 'Ask. [[answer: One moment]] [[shell: ls]] [[answer: It holds]]', '--wait')
    expect(run).toMatchObject({ code: 0, stdout: 'It holds\n', stderr: expect.stringMatching(/^\S+\n$/) })
  })

  it('gives each of two equal messages its own answer, sent while the first one is worked on', async () => {
    const id = await place.spawn('Begin [[answer: begun]]')
    const text = 'Count [[slow: 3, 100]]'
    const [one, other] = await Promise.all([
      place.orch('send', id, text, '--wait'),
      place.orch('send', id, text, '--wait'),
    ])
    expect([one, other]).toMatchObject([
      { code: 0, stdout: 'chunk 1 chunk 2 chunk 3\n' },
      { code: 0, stdout: 'chunk 1 chunk 2 chunk 3\n' },
    ])
  })

  it('says how the turn ended when it has no answer', async () => {
    const id = await place.spawn('Begin [[answer: begun]]')
    const run = await place.orch('send', id, 'Fail [[error: 400]]', '--wait')
    expect(run).toMatchObject({ code: 20, stdout: '', stderr: expect.stringContaining(`${id} failed`) })
  })
})
