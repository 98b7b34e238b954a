import { readFile } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
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
  it('is seen at once, and answered in its window only', async () => {
    story = await agentStory(scope, 'codex')
    await configure('codex', '-c', 'features.default_mode_request_user_input=true')
    const questions = [{ id: 'colour', header: 'Colour', question: 'Which colour?', options }]
    const id = await story.spawn(tool('request_user_input', { questions }))
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect((await story.place.agent(id)).requests).toMatchObject([
      { kind: 'question', text: 'Which colour?', choices: [{ id: 'Red' }, { id: 'Blue' }], answerable: false },
    ])
    expect(await story.send(id, 'Typed')).toMatchObject({
      receipt: { delivery: 'refused', reason: { code: 'WAITING' } },
    })
    expect((await story.place.orch('answer', id, 'Blue')).code).toBe(34)
    await story.press(id, '2', 'Enter')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(story.model.requests.at(-1)?.toolResults.at(-1)).toContain('Blue')
  })
})
