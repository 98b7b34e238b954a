import { beforeEach, describe, expect, it } from '@jest/globals'
import type { SendDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'
import { type AgentStory, agentStory } from './support/agent-story.ts'

const scope = perTest()
let story: AgentStory
let id: string

/** Sends a text that no argument can hold. */
async function send(text: string): Promise<SendDocument> {
  const run = await story.place.orchWith({ input: text }, 'send', '--json', id, '-')
  return run.json as SendDocument
}

/** What the model got of a text that says `mark`. */
async function received(mark: string): Promise<string> {
  expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  return eventually(() => receivedTexts(story.model.requests, mark).findLast((text) => text.includes(mark)), {
    what: `the message with "${mark}"`,
  })
}

/** Texts in which a terminal, tmux, a shell or a program might see more than a text. */
const TEXTS = [
  '1. C-c Enter Escape ^C ~',
  '2. ends with a semicolon;',
  '3. #(touch hostile) #{pid} #[fg=red] $(touch hostile) `date` $HOME !!',
  '4. a path at the end: see @READ',
  '5. a backslash at the end \\',
  '6. two of them \\\\',
  '7. a word with a dollar at the end $ima',
  '8. a slash at the end /he',
  '9. \u{1F469}\u200D\u{1F469}\u200D\u{1F467} \u2764\ufe0f \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u{1D4B3} \u6f22\u5b57',
  '10. one\n\n\n  two \\\nthree',
  '11. "double" \'single\' <b> & [Pasted text #1 +3 lines]',
  '12. @',
]

describe.each(['claude', 'codex'] as const)('a text that is sent to the real %s', (program) => {
  beforeEach(async () => {
    story = await agentStory(scope, program)
    await story.place.write('README.md', '# Project\n')
    id = await story.idle()
  })

  it('reaches the model as it is', async () => {
    for (const text of TEXTS) {
      expect(await send(text)).toMatchObject({ receipt: { delivery: 'confirmed', reason: null } })
      expect(await received(text.slice(0, 3))).toContain(text)
    }
  })

  it.each([
    ['# remember this', '#'],
    ['@README.md says what', '@'],
    ['? what', '?'],
    ['--help', '-'],
    ['& then', '&'],
    ['~ here', '~'],
  ])('may begin with a character of its own: %j', async (text) => {
    expect(await send(text)).toMatchObject({ receipt: { delivery: 'confirmed', reason: null } })
    expect(await received(text)).toBe(text)
  })

  it.each([
    ['in many lines', `begin ${`${'0123456789abcdef '.repeat(61)}\n`.repeat(1_000)}end`],
    ['300 kB of it in one line', `begin ${'0123456789'.repeat(30_000)} end`],
  ])('may be as long as a megabyte: %s', async (_, text) => {
    expect(await send(text)).toMatchObject({ receipt: { delivery: 'confirmed', reason: null } })
    expect((await received('begin ')).includes(text)).toBe(true)
  })

  it.each(['a\u001b[201~b', 'a\u0000b', 'a\rb', 'a\u007fb'])(
    'is refused when it holds %j, which a terminal acts upon',
    async (text) => {
      expect(await send(text)).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'UNSENDABLE_TEXT' } } })
    },
  )

  it.each(['   \n ', 'a\u009b31mb'])('is refused when the program would change it: %j', async (text) => {
    expect(await send(text)).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'ALTERED_TEXT' } } })
  })

  it('says what is taken off its ends', async () => {
    expect(await send('the end\n')).toMatchObject({ receipt: { delivery: 'confirmed', reason: { code: 'TRIMMED' } } })
    expect(await received('the end')).toBe('the end')
  })
})

describe('a text that is sent to the real claude', () => {
  beforeEach(async () => {
    story = await agentStory(scope, 'claude')
    id = await story.idle()
  })

  it.each(['exit', ' quit\n', ':wq'])('is refused when it would end the program: %j', async (text) => {
    expect(await send(text)).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'COMMAND_TEXT' } } })
    expect(await story.place.agent(id)).toMatchObject({ state: 'idle' })
  })

  it.each(['a\tb', 'e\u0301', 'a\u2028b', 'a\u200bb', 'a\u202eb'])(
    'is refused when the program would change it: %j',
    async (text) => {
      expect(await send(text)).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'ALTERED_TEXT' } } })
    },
  )
})

describe('a text that is sent to the real codex', () => {
  it('may hold tabs, accents by themselves, and what nothing is drawn for', async () => {
    story = await agentStory(scope, 'codex')
    id = await story.idle()
    const text = 'a\tb e\u0301 \u200b \u202e \u2028 \ufeff c'
    expect(await send(text)).toMatchObject({ receipt: { delivery: 'confirmed', reason: null } })
    expect(await received('a\tb')).toBe(text)
  })
})
