import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Item, SendDocument, TailLine } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'
import { type AgentStory, agentStory } from './support/agent-story.ts'

const scope = perTest()
let story: AgentStory

/** In which row and column the cursor stands. */
async function cursor(id: string): Promise<number[]> {
  const printed = await story.place.tmux.tmux('display-message', '-p', '-t', `orch:=${id}`, '#{cursor_y} #{cursor_x}')
  return printed.trim().split(' ').map(Number)
}

describe.each([
  { program: 'claude', shell: 'Bash' },
  { program: 'codex', shell: 'exec_command' },
] as const)('an agent that runs the real $program', ({ program, shell }) => {
  beforeEach(async () => {
    story = await agentStory(scope, program)
  })

  it('brings the answer to its task, whatever it makes of the text, and says when there is none', async () => {
    const task = 'Say\tthat the cafe\u0301 \u200b#{pid} is [[answer: open\nnow]]'
    const run = await story.place.orch('spawn', task, '--wait', '--program', program)
    expect(run).toMatchObject({ code: 0, stdout: 'open\nnow\n', stderr: expect.stringMatching(/^\S+\n$/) })
    const failed = await story.place.json('spawn', 'Fail [[error: 400]]', '--wait', '--program', program)
    expect(failed).toMatchObject({
      code: 20,
      outcome: 'failed',
      answer: null,
      agent: { reason: { code: 'API_ERROR' } },
    })
  })

  it.each([
    ['before it said anything', 'Work [[hold: the turn]]'],
    ['in the middle of its words', 'Work [[answer: begun]] [[hold: the turn]]'],
  ])('is interrupted %s, and takes the next message as it is', async (_, text) => {
    const id = await story.idle()
    await story.send(id, text)
    await story.holds('the turn')
    expect(await story.place.json('interrupt', id)).toMatchObject({ code: 0, interrupted: true })
    expect(await story.place.agent(id)).toMatchObject({ state: 'idle' })
    expect(await story.send(id, 'Next [[answer: next]]')).toMatchObject({ receipt: { delivery: 'confirmed' } })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(receivedTexts(story.model.requests, 'Next').at(-1)).toBe('Next [[answer: next]]')
  })

  it.each(['!touch shell.txt', '/help', '\n/help'])('is not given %j, which would be a command', async (text) => {
    const id = await story.idle()
    expect(await story.send(id, text)).toMatchObject({
      receipt: { delivery: 'refused', reason: { code: 'COMMAND_TEXT' } },
    })
    expect(await story.send(id, `This is no command: ${text} [[answer: read]]`)).toMatchObject({
      receipt: { delivery: 'confirmed' },
    })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    await expect(access(join(story.place.project, 'shell.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('keeps what a person has begun to type, and takes a message once that is gone', async () => {
    const id = await story.idle()
    const line = (): Promise<string> => story.screen(id)
    await story.press(id, 'half a draft')
    await eventually(async () => (await line()).includes('half a draft'), { what: 'the draft' })
    expect(await story.send(id, 'Sent')).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'DRAFT' } } })
    expect(await line()).toContain('half a draft')
    await story.press(id, 'C-u')
    await eventually(async () => !(await line()).includes('half a draft'), { what: 'an empty line' })
    expect(await story.send(id, 'Sent [[answer: got it]]')).toMatchObject({ receipt: { delivery: 'confirmed' } })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(receivedTexts(story.model.requests, 'Sent').at(-1)).toBe('Sent [[answer: got it]]')
  })

  it.each([
    ['with the cursor moved to its beginning', ['half a draft', 'C-a']],
    ['of two lines', ['half a draft', 'C-j']],
    ['of one character', ['h', 'C-a']],
  ])('keeps a draft %s', async (_, keys) => {
    const id = await story.idle()
    for (const key of keys) await story.press(id, key)
    await eventually(async () => /[❯›]\sh/.test(await story.screen(id)), { what: 'the draft' })
    expect(await story.send(id, 'Sent')).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'DRAFT' } } })
    expect(await story.screen(id)).toMatch(/[❯›]\sh(alf a draft)?\s*\n/)
  })

  it.each([
    ['Ctrl-J', ['C-j', 'second'], ['Up']],
    ['Alt-Enter, with the cursor at its beginning', ['M-Enter', 'second'], ['Up', 'C-a']],
    ['two of them', ['C-j', 'C-j', 'second'], ['Up', 'Up']],
  ])('keeps a draft whose first line is empty: %s', async (_, keys, back) => {
    const id = await story.idle()
    const [row] = await cursor(id)
    for (const key of keys) await story.press(id, key)
    await eventually(async () => (await story.screen(id)).includes('second'), { what: 'the draft' })
    if (program === 'codex') {
      for (const key of back) await story.press(id, key)
      await eventually(async () => (await cursor(id))[0] !== row && (await cursor(id))[1] === 2, { what: 'the cursor' })
    }
    expect(await story.send(id, 'Sent')).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'DRAFT' } } })
    expect(await story.screen(id)).toMatch(/[❯›]\s*\n\s*second\s*\n/)
    await story.press(id, 'Down', 'Down', 'C-e', ...Array<string>(9).fill('BSpace'))
    await eventually(async () => !(await story.screen(id)).includes('second'), { what: 'an empty line' })
    expect(await story.send(id, 'Sent [[answer: got it]]')).toMatchObject({ receipt: { delivery: 'confirmed' } })
  })

  it('keeps a draft that a person begins while it works', async () => {
    const id = await story.idle()
    await story.send(id, 'Work [[hold: the turn]] [[answer: over]]')
    await story.holds('the turn')
    await story.press(id, 'half a draft')
    await story.press(id, 'C-a')
    await eventually(async () => (await story.screen(id)).includes('half a draft'), { what: 'the draft' })
    expect(await story.send(id, 'Sent')).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'DRAFT' } } })
    expect(await story.screen(id)).toContain('half a draft')
  })

  it('gets every message of 20 senders at once, each once and whole', async () => {
    const id = await story.idle()
    const texts = Array.from({ length: 20 }, (_, index) => `Sender ${index} says ${'so '.repeat(20)}end ${index}.`)
    const receipts = await Promise.all(texts.map((text) => story.place.json<SendDocument>('send', id, text)))
    expect(
      receipts.map(({ receipt }) => receipt.delivery).filter((one) => one !== 'confirmed' && one !== 'queued'),
    ).toEqual([])
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    const received = receivedTexts(story.model.requests, 'Sender ').join('\n')
    for (const text of texts) expect(received.split(text)).toHaveLength(2)
  })

  it('shows what was said and done, as it comes and afterwards', async () => {
    const id = await story.idle()
    const following = await story.place.start('tail', '-f', '--json', '-n', '1', id)
    await eventually(() => following.lines<TailLine>().some(({ type }) => type === 'state'), {
      what: 'the first state',
    })
    await story.send(id, 'Look [[shell: echo seen]] [[answer: All is well]]')
    const told = (): Item[] => following.lines<TailLine>().flatMap((line) => (line.type === 'item' ? line.item : []))
    await eventually(() => told().some(({ text }) => text === 'All is well'), { what: 'the answer', timeoutMs: 20_000 })
    const wanted = [
      expect.objectContaining({ kind: 'message', role: 'user', text: expect.stringContaining('Look') }),
      expect.objectContaining({
        kind: 'tool',
        tool: expect.objectContaining({
          name: shell,
          input: 'echo seen',
          output: expect.stringContaining('seen'),
        }),
      }),
      expect.objectContaining({ kind: 'message', role: 'assistant', text: 'All is well' }),
    ]
    expect(told()).toEqual(expect.arrayContaining(wanted))
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    const { stdout } = await story.place.orch('tail', '--json', '-n', '3', id)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TailLine)
    expect(lines.flatMap((line) => (line.type === 'item' ? line.item : []))).toEqual(wanted)
  })
})
