import { readFile } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { type AgentStory, agentStory } from './support/agent-story.ts'

const scope = perTest()
let story: AgentStory

const tool = (name: string, input: object): string =>
  `Ask [[tool: ${name} | ${JSON.stringify(input)}]] [[answer: thanks]]`
const options = [
  { label: 'Red', description: 'r' },
  { label: 'Blue', description: 'b' },
]

/** Launches a program with other arguments. */
const configure = (program: string, ...args: readonly string[]): Promise<string> =>
  story.place.write(
    '.orch/config.json',
    JSON.stringify({ programs: { [program]: { command: program, args, promptBy: 'argument' } } }),
  )

describe('what the real claude asks', () => {
  it('is answered line by line when it is several questions, with commas where several may be chosen', async () => {
    story = await agentStory(scope, 'claude')
    const questions = [
      { question: 'Which?', header: 'A', multiSelect: true, options },
      {
        question: 'Where?',
        header: 'B',
        multiSelect: false,
        options: [
          { label: 'Here', description: 'h' },
          { label: 'There', description: 't' },
        ],
      },
    ]
    const id = await story.spawn(tool('AskUserQuestion', { questions }))
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect((await story.place.agent(id)).requests).toMatchObject([
      { kind: 'question', text: 'Which?\nWhere?', detail: { 'Which?': ['Red', 'Blue'] }, answerable: true },
    ])
    expect(await story.place.json('answer', id, 'Red, Blue\nElsewhere')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(story.model.requests.at(-1)?.toolResults.at(-1)).toContain('"Which?"="Red, Blue", "Where?"="Elsewhere"')
  })

  it('is a plan, which is sent back with a reason', async () => {
    story = await agentStory(scope, 'claude')
    await configure('claude', '--permission-mode', 'plan')
    const id = await story.spawn(tool('ExitPlanMode', { plan: 'First this, then that' }))
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect((await story.place.agent(id)).requests).toMatchObject([
      { kind: 'permission', text: 'ExitPlanMode', answerable: true },
    ])
    expect(await story.place.json('answer', id, 'That first')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(story.model.requests.at(-1)?.toolResults.at(-1)).toContain('That first')
  })

  it('is a plan, which is allowed, with or without the edits that follow from it', async () => {
    story = await agentStory(scope, 'claude')
    await configure('claude', '--permission-mode', 'plan')
    const id = await story.spawn(
      `${tool('ExitPlanMode', {})} [[write: ${story.place.project}/a.txt | a]] [[answer: a]]`,
    )
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect(await story.place.json('answer', id, '--allow')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect((await story.place.agent(id)).requests).toMatchObject([{ text: `Write: ${story.place.project}/a.txt` }])
    const other = await story.spawn(
      `${tool('ExitPlanMode', {})} [[write: ${story.place.project}/b.txt | b]] [[answer: b]]`,
    )
    expect(await story.settled(other, 'waiting')).toMatchObject({ outcome: 'met' })
    expect(await story.place.json('answer', other, '--always')).toMatchObject({ result: 'answered' })
    expect(await story.settled(other, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await readFile(`${story.place.project}/b.txt`, 'utf8')).toContain('b')
  })
})

describe('what the real codex asks', () => {
  const colour = { id: 'colour', header: 'Colour', question: 'Which colour?', options }
  const labelled = (...labels: readonly string[]): object[] =>
    labels.map((label) => ({ label, description: `${label} it is` }))

  /** An agent that asks these questions, and is seen to. */
  async function asking(...questions: readonly object[]): Promise<string> {
    const id = await story.spawn(tool('request_user_input', { questions }))
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    return id
  }

  /** What the model was told by the newest answer, once the agent has gone on. */
  async function told(id: string): Promise<unknown> {
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    return JSON.parse(story.model.requests.at(-1)?.toolResults.at(-1) ?? '').answers
  }

  const begin = async (): Promise<void> => {
    story = await agentStory(scope, 'codex')
    await configure('codex', '-c', 'features.default_mode_request_user_input=true')
  }

  it('is seen at once, and answered by an option or in words', async () => {
    await begin()
    const id = await asking(colour)
    expect((await story.place.agent(id)).requests).toMatchObject([
      { kind: 'question', text: 'Which colour?', choices: [{ id: 'Red' }, { id: 'Blue' }], answerable: true },
    ])
    expect(await story.send(id, 'Typed')).toMatchObject({
      receipt: { delivery: 'refused', reason: { code: 'WAITING' } },
    })
    expect(await story.place.json('answer', id, 'Blue')).toMatchObject({ result: 'answered' })
    expect(await told(id)).toEqual({ colour: { answers: ['Blue'] } })
    const other = await asking(colour)
    expect(await story.place.json('answer', other, 'Green, #{pane_id}; "so" @x /y \\')).toMatchObject({
      result: 'answered',
    })
    expect(await told(other)).toEqual({
      colour: { answers: ['None of the above', 'user_note: Green, #{pane_id}; "so" @x /y \\'] },
    })
  })

  it('is answered line by line when it is several questions, from the first on, whichever its window shows', async () => {
    await begin()
    const size = { id: 'size', header: 'Size', question: 'Which size, if any?', options: labelled('Large', 'Small') }
    const id = await asking(colour, size)
    expect((await story.place.orch('answer', id, 'Blue')).code).not.toBe(0)
    await story.press(id, 'Right')
    await eventually(async () => (await story.screen(id)).includes('Question 2/2'), { what: 'the second question' })
    expect(await story.place.json('answer', id, 'Red\nTiny')).toMatchObject({ result: 'answered' })
    expect(await told(id)).toEqual({
      colour: { answers: ['Red'] },
      size: { answers: ['None of the above', 'user_note: Tiny'] },
    })
  })

  it('is not answered once a person did, or while one writes a note', async () => {
    await begin()
    const id = await asking(colour)
    const { requests } = await story.place.agent(id)
    await story.press(id, 'Tab')
    await story.press(id, 'draft')
    await eventually(async () => (await story.screen(id)).includes('› draft'), { what: 'the draft' })
    const refused = await story.place.orch('answer', id, 'Blue')
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('orch attach')
    expect(await story.screen(id)).toContain('› draft')
    await story.press(id, 'Enter')
    await eventually(async () => (await story.place.agent(id)).requests.length === 0, { what: 'the answer' })
    expect(await told(id)).toEqual({ colour: { answers: ['Red', 'user_note: draft'] } })
    expect(await story.place.json('answer', id, 'Blue', '--request', requests[0]?.id ?? '')).toMatchObject({
      result: 'already',
    })
  })

  it('holds texts that tmux could take for formats or commands, or that cannot be told from others on the screen', async () => {
    await begin()
    const hostile = ['#{pane_pid}', '#(touch pwned)', 'a"b\\c\'d; e}, f', '$(touch pwned) `touch pwned`']
    const id = await asking({
      ...colour,
      question: 'Pick #{pane_id} #(touch pwned) "x" \\ \', }?',
      options: labelled(...hostile),
    })
    expect(await story.place.json('answer', id, hostile[2] as string)).toMatchObject({ result: 'answered' })
    expect(await told(id)).toEqual({ colour: { answers: [hostile[2]] } })
    expect(await readFile(`${story.place.project}/pwned`, 'utf8').catch(() => null)).toBeNull()
    for (const label of ['漢字 😀', 'Long '.repeat(40).trim(), 'e\u0301']) {
      const other = await asking({ ...colour, options: labelled('Red', label) })
      expect((await story.place.agent(other)).requests).toMatchObject([{ answerable: false }])
      expect((await story.place.orch('answer', other, 'Red')).code).toBe(34)
      expect(await story.screen(other)).toContain('› 1. Red')
    }
  })
})
