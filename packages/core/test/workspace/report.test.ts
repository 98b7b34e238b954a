import { describe, expect, it } from '@jest/globals'
import { isComplete } from '../../src/state/cut-off.ts'
import { parseReport, withPhase } from '../../src/workspace/report.ts'

const AT = '2026-01-02T03:04:05.000Z'

describe('parseReport() finds the phase', () => {
  it.each<readonly [string, string, string | null, string | null]>([
    ['the line Phase:', 'Phase: Testing', 'Testing', null],
    ['the line **Phase:**', '**Phase:** Testing', 'Testing', null],
    ['the last one', 'Phase: Planning\ntext\n**Phase:** Testing\nmore', 'Testing', null],
    ['a note after " - "', 'Phase: Testing - 3 of 4 - one to go', 'Testing', '3 of 4 - one to go'],
    ['a hyphen inside a name', 'Phase: Re-testing', 'Re-testing', null],
    ['an empty note as none', 'Phase: Testing - ', 'Testing -', null],
    ['CRLF lines', 'Phase: Planning\r\nPhase: Complete\r\n', 'Complete', null],
    ['any words', 'Phase: Waiting for CI', 'Waiting for CI', null],
    ['a line without a space', 'Phase:Testing', 'Testing', null],
    ['not an indented line', 'Phase: Planning\n  Phase: Complete\n\tPhase: Complete', 'Planning', null],
    ['not a quoted line', 'Phase: Planning\n> Phase: Complete', 'Planning', null],
    ['not a line in other case', 'phase: Complete', null, null],
    ['not the middle of a line', 'The Phase: Complete', null, null],
    ['not a placeholder with bars', 'Phase: Planning | Complete', null, null],
    ['not a placeholder in brackets', 'Phase: [Complete]', null, null],
    ['not a placeholder with a note', 'Phase: [phase] - [note]', null, null],
    ['a note with a bar', 'Phase: Complete - ran make | tee log', 'Complete', 'ran make | tee log'],
    ['an older phase behind a placeholder', 'Phase: Testing\nPhase: [Complete]', 'Testing', null],
    ['an older phase behind an empty line', 'Phase: Testing\nPhase:\n', 'Testing', null],
    ['front matter', '---\nphase: Testing - 1 of 2\n---\n# Page', 'Testing', '1 of 2'],
    ['front matter before later lines', '---\nphase: Testing\n---\nPhase: Complete', 'Testing', null],
    ['front matter in quotes', '---\ntitle: x\nphase: "Testing"\n---', 'Testing', null],
    ['front matter with CRLF', '---\r\nphase: Testing\r\n---\r\n', 'Testing', null],
    ['a line when the front matter has a placeholder', '---\nphase: [phase]\n---\nPhase: Testing', 'Testing', null],
    ['a line when the front matter has no phase', '---\ntitle: x\n---\nPhase: Testing', 'Testing', null],
    ['not front matter that was never closed', '---\nphase: Testing\n', null, null],
    ['not front matter below the first line', '# Page\n---\nphase: Testing\n---', null, null],
    ['nothing on an empty page', '', null, null],
  ])('%s', (_, text, name, note) => {
    const { phase } = parseReport(text, AT, [])
    expect(phase).toEqual(name === null ? null : { name, note, at: AT })
  })
})

describe('Complete', () => {
  it.each([
    ['Complete', true],
    ['complete', true],
    ['COMPLETE', true],
    ['Complete - all tests pass', true],
    ['Incomplete', false],
    ['Complete later', false],
    ['Completed', false],
    ['Complete.', false],
    ['Not Complete', false],
  ])('is compared exactly, in any case: %s', (text, complete) => {
    expect(isComplete(parseReport(`Phase: ${text}`, AT, []).phase?.name)).toBe(complete)
  })
})

describe('parseReport() finds requests', () => {
  const ids = (text: string, answered: readonly string[] = []): string[] =>
    parseReport(text, AT, answered).requests.map(({ id }) => id)

  it('BLOCKED: and QUESTION: at the start of a line', () => {
    const page = 'QUESTION: Which database?\nBLOCKED: no access\n  QUESTION: indented\nA QUESTION: inside\nQUESTION:\n'
    expect(parseReport(page, AT, []).requests).toEqual([
      expect.objectContaining({ kind: 'question', text: 'Which database?', choices: [], answerable: true }),
      expect.objectContaining({ kind: 'blocked', text: 'no access', choices: [], answerable: true }),
    ])
  })

  it.each([
    '- QUESTION: Which one?',
    '* **QUESTION:** Which one?',
    '1. Question: Which one?',
    '- [ ] QUESTION: Which one?',
    '**QUESTION:** Which one?',
    '**Question**: Which one?',
    '__QUESTION: Which one?__',
    '## QUESTION: Which one?',
    'question: Which one?',
    '**QUESTION:** Which one?\n\nPhase: Testing',
    '```\ncode\n```\nQuestion: Which one?',
    '---\nquestion: no\n---\nQuestion: Which one?',
  ])('as models write them, as the same request: %j', (page) => {
    expect(ids(page)).toEqual(ids('QUESTION: Which one?'))
    expect(parseReport(page, AT, []).requests).toMatchObject([{ kind: 'question', text: 'Which one?' }])
  })

  it.each([
    'The question: which one?',
    'Questions: which one?',
    '> Question: which one?',
    '- [x] QUESTION: Which one?',
    '~~QUESTION: Which one?~~',
    '---\nblocked: by nobody\n---\n',
    '```yaml\nquestion: Which one?\n```\n',
    '~~~\n```\nquestion: Which one?\n',
    '**Question:** Which one?\n\n**Answer:** This one.',
    '- Question:',
    '**Question:**',
    'BLOCKED: none',
    '**Blocked:** No.',
    '- Blocked: n/a',
    '- QUESTION: [what you need to know]',
  ])('never what asks nothing: %j', (page) => {
    expect(ids(page)).toEqual([])
  })

  it('wherever it stands, when it is as agents are told', () => {
    expect(ids('```\nQUESTION: none\n```\n')).toEqual(ids('QUESTION: none\nAnswer: Yes'))
    expect(ids('QUESTION: none')).toHaveLength(1)
  })

  it('under an id that stays when the page around them changes', () => {
    const [id] = ids('QUESTION: Which database?')
    expect(ids('# New title\r\nmore\r\nQUESTION:   Which database?  \r\n')).toEqual([id])
    expect(ids('QUESTION: Which table?')).not.toEqual([id])
    expect(ids('BLOCKED: Which database?')).not.toEqual([id])
  })

  it('once, however often the line is there', () => {
    expect(ids('QUESTION: a\nQUESTION: a\n')).toHaveLength(1)
  })

  it('open until they were answered, alone', () => {
    const page = 'QUESTION: a\nQUESTION: b\n'
    const [first, second] = ids(page)
    expect(ids(page, [first as string])).toEqual([second])
    expect(ids(page, [first as string, second as string])).toEqual([])
  })
})

it('parseReport() reads every prefix of a page that is being written without an error', () => {
  const page = '---\ntitle: x\n---\nPhase: Implementing - half\nQUESTION: Which one?\nPhase: Complete\n'
  for (let end = 0; end <= page.length; end++) {
    const { phase, requests } = parseReport(page.slice(0, end), AT, [])
    expect(requests.length).toBeLessThanOrEqual(1)
    if (end < page.lastIndexOf('Complete') + 'Complete'.length) expect(isComplete(phase?.name)).toBe(false)
  }
})

describe('parseReport() of any page', () => {
  const LINES = [
    '---',
    'phase: Testing - half',
    'phase: [phase]',
    'title: x',
    '',
    '# Page',
    'Phase: Planning',
    'Phase: Complete - all of it',
    '**Phase:** Implementing',
    '  Phase: Complete',
    'Phase: [Planning | Complete]',
    'QUESTION: Which one?',
    'BLOCKED: no access',
    '- **Question:** Which one?',
    '```',
    '  QUESTION: indented',
    'text - with : marks',
  ]
  const pages = Array.from({ length: 500 }, (_, seed) => {
    const random = seeded(seed)
    return Array.from({ length: random(9) }, () => LINES[random(LINES.length)] as string).join('\n')
  })
  const meaning = (text: string): unknown => {
    const { phase, requests } = parseReport(text, AT, [])
    return { phase, requests }
  }

  it('says the same with the line ends, the mark and the spaces that editors add', () => {
    for (const page of pages) {
      const ended = page === '' ? page : `${page}\n`
      for (const same of [ended, page.replaceAll('\n', '\r\n'), `\uFEFF${page}`, page.replaceAll('\n', ' \t\n')])
        expect({ page, said: meaning(same) }).toEqual({ page, said: meaning(page) })
    }
  })

  it('reads back the phase that withPhase() writes, and loses no request by it', () => {
    for (const page of pages) {
      const after = withPhase(page, 'Reviewing - at last')
      expect({ page, said: meaning(after) }).toEqual({
        page,
        said: { phase: { name: 'Reviewing', note: 'at last', at: AT }, requests: parseReport(page, AT, []).requests },
      })
    }
  })
})

/** The same numbers in every run (a linear congruential generator). */
function seeded(seed: number): (below: number) => number {
  let state = (seed + 1) * 2_654_435_761
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
