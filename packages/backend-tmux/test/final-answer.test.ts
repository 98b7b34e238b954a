import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { AgentRef } from '@orch/core'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { finalAnswer } from '../src/final-answer.ts'
import { turnNamesIn } from '../src/hooks/answer-in-events.ts'
import { noteMessage } from '../src/hooks/message-notes.ts'
import { setLongEventsAside } from '../src/hooks/set-events-aside.ts'

const { signal } = new AbortController()
const scope = perTest()
let file: string
let agent: AgentRef
let count: number

beforeEach(async () => {
  const { path } = await scope.use(temporaryFolder())
  file = join(path, 'run')
  count = 0
  const place = {
    window: '@1',
    pane: '%1',
    panePid: 1,
    tty: '/dev/null',
    log: join(path, 'log'),
    exit: join(path, 'exit'),
  }
  const handle = { ...place, server: { pid: 1, startTime: 1 }, run: 'run', program: 'claude', events: file }
  agent = { id: 'a', target: null, directory: path, handle, facts: null, attempts: [] }
})

/** Tells an event, and names it. */
function tell(name: string, fields: object = {}): string {
  const id = `${1000 + count++}-7`
  appendFileSync(file, `${id} ${JSON.stringify({ hook_event_name: name, ...fields })}\n`)
  return id
}

const given = (prompt: string, prompt_id?: string): string => tell('UserPromptSubmit', { prompt, prompt_id })
const ends = (text: string, prompt_id?: string): string => tell('Stop', { last_assistant_message: text, prompt_id })

/** Goes on for so long that what was told before is gone. */
function forLong(): void {
  for (const _ of [1, 2]) {
    tell('PreToolUse')
    setLongEventsAside(file, 0)
  }
  tell('PreToolUse')
}

const answerTo = async (message: string | null): Promise<string | undefined> =>
  (await finalAnswer(agent, message, signal))?.text

describe('finalAnswer() of the task', () => {
  beforeEach(() => writeFileSync(`${file}.task`, 'Say\tthat the cafe\u0301 is open'))

  it('is that of the message with its words, whatever else was changed', async () => {
    given('Another message', 'o')
    ends('other', 'o')
    expect(await answerTo(null)).toBeUndefined()
    given('Say that the caf\u00e9 is open', 't')
    expect(await answerTo(null)).toBeUndefined()
    ends('mine', 't')
    given('Say that the caf\u00e9 is open', 'u')
    ends('again', 'u')
    expect(await answerTo(null)).toBe('mine')
  })

  it('is known by the name of its turn when what told of it is gone', async () => {
    given('Say that the caf\u00e9 is open', 't')
    forLong()
    expect(await answerTo(null)).toBeUndefined()
    ends('mine', 't')
    expect(await answerTo(null)).toBe('mine')
    forLong()
    ends('later', 'u')
    expect(await answerTo(null)).toBeUndefined()
  })

  it('is none of a turn without a name once what told of it is gone', async () => {
    given('Say that the caf\u00e9 is open')
    forLong()
    ends('whose')
    expect(await answerTo(null)).toBeUndefined()
  })
})

describe('finalAnswer() of a message whose event is gone', () => {
  it.each([
    ['began its turn', 'prompt_id', false, 'mine'],
    ['waited behind another, which the next turn takes', 'prompt_id', true, undefined],
    ['waited behind another, and has a turn of its own', 'message_id', true, 'mine'],
  ] as const)('of one that %s', async (_, name, queued, answer) => {
    const fields = { [name]: 'm' }
    const event = tell('UserPromptSubmit', { prompt: 'More', ...fields })
    noteMessage(file, { message: 'id', event, queued, names: turnNamesIn(fields) })
    forLong()
    tell('Stop', { last_assistant_message: 'mine', ...fields })
    expect(await answerTo('id')).toBe(answer)
  })
})
