import { describe, expect, it } from '@jest/globals'
import { parseHookEvent } from '../../src/hooks/hook-event.ts'
import { toAgentRequest } from '../../src/hooks/hook-requests.ts'
import {
  findQuestion,
  isTold,
  type WindowQuestion,
  windowAnswers,
  windowQuestions,
} from '../../src/hooks/window-question.ts'

const colour = { id: 'colour', question: 'Which\ncolour?', options: [{ label: 'Red' }, { label: 'Blue #{pid}' }] }
const size = { id: 'size', question: 'Which size?', options: [{ label: 'Large' }] }

function asked(questions: readonly object[], more: object = {}): NonNullable<ReturnType<typeof parseHookEvent>> {
  const fields = { hook_event_name: 'PreToolUse', ...more, tool_name: 'request_user_input', tool_input: { questions } }
  const event = parseHookEvent(`1000-7 ${JSON.stringify(fields)}`)
  if (event === null) throw new TypeError('This is an event')
  return event
}

const both = windowQuestions(asked([colour, size])) as readonly WindowQuestion[]

/** As Codex draws it; the second row of what explains an option repeats the first. */
const SCREEN = [
  '› Ask me',
  '    1. Red          in an earlier text',
  '',
  '  Question 1/2 (2 unanswered)',
  '  Which',
  '  colour?',
  '',
  '  › 1. Red                so it is, so it is',
  '                          so it is, so it is',
  '    2. Blue #{pid}        漢字',
  '    3. None of the above  Optionally, add details in notes (tab)',
  '',
  '  tab to add notes | enter to submit answer | ←/→ to navigate questions | esc to interrupt',
  '',
]

const NOTES = [
  ...SCREEN.slice(0, 12),
  '  › first words of',
  '  a note',
  '',
  '  tab or esc to clear notes | enter to submit answer',
]

const find = (rows: readonly string[], index = 0): ReturnType<typeof findQuestion> =>
  findQuestion(rows.join('\n'), both, index)

/** The screen with one row written otherwise. */
const but = (line: number, row: string): readonly string[] => SCREEN.toSpliced(line, 1, row)

describe('findQuestion()', () => {
  it('finds a question with all that belongs to it, on its lines', () => {
    expect(find(SCREEN)).toMatchObject({ options: [7, 9, 10], pointer: 7, note: null })
    expect(find(SCREEN)?.rows.map(({ line }) => line)).toEqual([3, 4, 5, 7, 9, 10, 12])
  })

  it('makes rows in which nothing has a meaning for tmux, and that are what is shown', () => {
    for (const { row, line } of find(SCREEN)?.rows ?? []) {
      expect(row).toMatch(/^\^[A-Za-z0-9 .]*\$$/)
      expect(SCREEN[line ?? -1]).toMatch(new RegExp(row, 'u'))
    }
  })

  it('reads what stands in the field for notes', () => {
    expect(find(NOTES)?.note).toBe('first words of a note')
    expect(find([...NOTES.slice(0, 12), '  › Add notes', '', NOTES.at(-1) as string])?.note).toBe('')
  })

  it.each([
    ['another question of them', 3, '  Question 2/2 (2 unanswered)'],
    ['another number of questions', 3, '  Question 1/3 (2 unanswered)'],
    ['another text', 5, '  color?'],
    ['an option that is written otherwise', 9, '    2. Blue #{pids}       漢字'],
    ['an option that is gone', 9, '                          so it is'],
    ['no offer of another answer', 10, '    3. Add details'],
    ['an option more', 8, '    2. Green              so it is'],
    ['two pointers', 9, '  › 2. Blue #{pid}        漢字'],
    ['no pointer', 7, '    1. Red                so it is'],
    ['other keys', 12, '  enter to submit answer'],
    ['nothing below', 12, ''],
  ])('takes a screen with %s for none', (_, line, row) => {
    expect(find(but(line, row))).toBeNull()
  })

  it('takes a screen without any, or with another, for none', () => {
    expect(find([])).toBeNull()
    expect(find(SCREEN, 1)).toBeNull()
  })
})

describe('windowQuestions()', () => {
  it.each([
    ['a wide character', { ...size, options: [{ label: '漢字' }] }],
    ['a character of two', { ...size, options: [{ label: 'e\u0301' }] }],
    ['a control character', { ...size, options: [{ label: 'Red\u001b[31m' }] }],
    ['a space at an end', { ...size, options: [{ label: 'Red ' }] }],
    ['two spaces between words', { ...size, options: [{ label: 'Red  wine' }] }],
    ['an option of two lines', { ...size, options: [{ label: 'Red\nwine' }] }],
    ['a long option', { ...size, options: [{ label: 'x'.repeat(41) }] }],
    ['a long question', { ...size, question: 'x'.repeat(401) }],
    ['one option twice', { ...size, options: [{ label: 'Red' }, { label: 'Red' }] }],
    ['an option of the program’s own', { ...size, options: [{ label: 'None of the above' }] }],
    ['no options', { ...size, options: [] }],
    ['no id', { ...size, id: undefined }],
  ])('leaves %s to the window', (_, question) => {
    const event = asked([colour, question])
    expect(windowQuestions(event)).toBeNull()
    expect(toAgentRequest(event)).toMatchObject({ kind: 'question', answerable: false })
  })

  it('leaves those of a subagent to the window', () => {
    expect(windowQuestions(asked([size], { agent_id: 'a', agent_type: 'b' }))).toBeNull()
  })

  it('is what can be answered', () => {
    expect(toAgentRequest(asked([size]))).toMatchObject({ detail: null, choices: [{ id: 'Large' }], answerable: true })
    expect(toAgentRequest(asked([colour, size]))).toMatchObject({
      detail: { 'Which size?': ['Large'], answer: 'one line for each question' },
      answerable: true,
    })
  })
})

describe('windowAnswers()', () => {
  const one = both.slice(1)

  it('is an option, none of them, or a note beside that', () => {
    expect(windowAnswers(one, 'Large', null)).toEqual([{ option: 0, note: null }])
    expect(windowAnswers(one, null, 'Large\n')).toEqual([{ option: 0, note: null }])
    expect(windowAnswers(one, null, 'None of the above')).toEqual([{ option: 1, note: null }])
    expect(windowAnswers(one, null, '#(Tiny)')).toEqual([{ option: 1, note: '#(Tiny)' }])
    expect(windowAnswers(both, null, 'Red\nTiny')).toEqual([
      { option: 0, note: null },
      { option: 1, note: 'Tiny' },
    ])
  })

  it('is nothing for what is not offered, or could not be seen to be typed', () => {
    expect(windowAnswers(one, 'allow', null)).toBeNull()
    expect(windowAnswers(both, 'Red', null)).toBeNull()
    expect(windowAnswers(both, null, 'Red')).toBeNull()
    expect(windowAnswers(one, null, 'Large\nTiny')).toBeNull()
    expect(windowAnswers(both, null, 'Red\n\nTiny')).toBeNull()
    expect(windowAnswers(one, null, '漢字')).toBeNull()
    expect(windowAnswers(one, null, 'a\u001bb')).toBeNull()
    expect(windowAnswers(one, null, 'x'.repeat(401))).toBeNull()
  })
})

describe('isTold()', () => {
  const answers = windowAnswers(both, null, 'Red\nTiny') ?? []
  const told = (colours: readonly string[], sizes: readonly string[]): boolean =>
    isTold(both, answers, JSON.stringify({ answers: { colour: { answers: colours }, size: { answers: sizes } } }))

  it('compares what the program tells with what was answered', () => {
    expect(told(['Red'], ['None of the above', 'user_note: Tiny'])).toBe(true)
    expect(told(['Red', 'user_note: draft'], ['None of the above', 'user_note: Tiny'])).toBe(false)
    expect(told(['Red'], ['Large'])).toBe(false)
    expect(isTold(both, answers, '{"answers":{}}')).toBe(false)
    expect(isTold(both, answers, undefined)).toBe(false)
  })
})
