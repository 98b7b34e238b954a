import { rm, writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { SendDocument } from '@orch/core'
import { perFile } from '../harness/scope.ts'
import { type ModelRequest, type ScriptedModel, startScriptedModel } from '../scripted-model/scripted-model.ts'
import { openCodePlace, type Place } from './support/place.ts'

/** A picture of one pixel. */
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
/** A name that no shell, terminal or line would take as it is. */
const NOTE = 'it\'s "a" note;\n$(x) 🎉.md'
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64')

const scope = perFile()
let model: ScriptedModel
let place: Place

beforeAll(async () => {
  model = await scope.use(startScriptedModel())
  place = await scope.use(openCodePlace({ model }))
  await file(NOTE, Buffer.from('# The note\nünï').toString('base64'))
  await file('dot.png', DOT)
  await file('paper.pdf', PDF)
})

describe('files that go with a message on OpenCode', () => {
  it('reach the model as they are: text as text, an image and a PDF by their bytes', async () => {
    const id = await idleAgent()
    const attach = [NOTE, 'dot.png', 'paper.pdf'].flatMap((name) => ['--attach', name])
    const text = 'What is this? [[answer: a note, a dot and a paper]]'
    const sent = await place.orch('send', id, text, ...attach, '--wait')
    expect(sent).toMatchObject({ code: 0, stdout: 'a note, a dot and a paper\n' })
    const { userTexts, userFiles } = newestRequest()
    expect(userTexts.at(-1)).toMatch(/^What is this\? .*# The note\nünï$/s)
    expect(userFiles).toEqual([DOT, PDF])
    expect((await place.orch('tail', id, '-n', '2')).stdout).toBe(`> ${text}\na note, a dot and a paper\n`)
  })

  it('go with a task, and with a message that waits for idle', async () => {
    const run = await place.orch('spawn', 'See [[answer: seen]]', '--attach', 'dot.png', '--wait')
    expect(run).toMatchObject({ code: 0, stdout: 'seen\n' })
    expect(newestRequest().userFiles).toEqual([DOT])
    const id = run.stderr.trim()
    await file('later.txt', Buffer.from('It was there').toString('base64'))
    await place.orch('send', id, 'Hold [[hold: later]]')
    const line = ['send', id, 'Then [[answer: then]]', '--attach', 'later.txt', '--when', 'idle']
    expect(await place.json<SendDocument>(...line)).toMatchObject({
      receipt: { delivery: 'queued' },
      attachments: [{ path: `${place.project}/later.txt`, mime: 'text/plain', name: 'later.txt' }],
    })
    await rm(`${place.project}/later.txt`)
    model.release('later')
    expect(await place.orch('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(newestRequest().userTexts.at(-1)).toMatch(/^Then .*It was there$/s)
    const later = ['send', id, 'Again [[answer: again]]', '--attach', 'paper.pdf', '--when', 'idle', '--wait']
    expect(await place.orch(...later)).toMatchObject({ code: 0, stdout: 'again\n' })
    expect(newestRequest().userFiles).toEqual([DOT, PDF])
  })

  it('are refused before anything is sent when no model takes them, or they are not there', async () => {
    const id = await idleAgent()
    await file('bytes.bin', Buffer.from([0, 1, 2, 255]).toString('base64'))
    await file('large.txt', Buffer.alloc(10_000_000, 'x').toString('base64'))
    const before = model.requests.length
    for (const [name, code] of [
      ['bytes.bin', 34],
      ['nothing.png', 66],
      ['.', 66],
      ['large.txt', 64],
    ] as const) {
      const run = await place.orch('send', id, 'Never', '--attach', name)
      expect({ name, ...run }).toMatchObject({ name, code, stdout: '' })
    }
    expect(await place.agent(id)).toMatchObject({ state: 'idle' })
    expect(model.requests.length).toBe(before)
  })

  it('are not said to be delivered when the server cannot read an image and drops the message', async () => {
    const id = await idleAgent()
    await file('broken.png', Buffer.from('\x89PNG\r\n\x1a\n and no more', 'latin1').toString('base64'))
    const sent = await place.json<SendDocument>('send', id, 'Lost', '--attach', 'broken.png')
    expect(sent).toMatchObject({ code: 31, receipt: { delivery: 'unconfirmed', reason: { code: 'NOT_STORED' } } })
  })
})

async function idleAgent(): Promise<string> {
  const id = await place.spawn('Begin [[answer: begun]]')
  expect(await place.orch('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
  return id
}

async function file(name: string, base64: string): Promise<void> {
  await writeFile(`${place.project}/${name}`, Buffer.from(base64, 'base64'))
}

function newestRequest(): ModelRequest {
  const request = model.requests.findLast(({ kind }) => kind === 'turn')
  if (request !== undefined) return request
  throw new Error('The model was asked nothing yet')
}
