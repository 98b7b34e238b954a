import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { isComplete } from '../../src/state/derive-state.ts'
import { NO_REPORT, parseReport, readReport } from '../../src/workspace/report.ts'

const AT = '2026-01-02T03:04:05.000Z'
const scope = perTest()

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

describe('readReport()', () => {
  it('is empty without a page and without a folder', async () => {
    const { path } = await scope.use(temporaryFolder())
    expect(readReport(path, [])).toEqual(NO_REPORT)
    expect(readReport(join(path, 'gone'), [])).toEqual(NO_REPORT)
    writeFileSync(join(path, 'file'), '')
    expect(readReport(join(path, 'file'), [])).toEqual(NO_REPORT)
  })

  it('says since when the phase stands there', async () => {
    const { path } = await scope.use(temporaryFolder())
    writeFileSync(join(path, 'WORKSPACE.md'), 'Phase: Testing\n')
    const { phase } = readReport(path, [])
    expect(Math.abs(Date.now() - Date.parse(phase?.at as string))).toBeLessThan(60_000)
  })

  it('is unreadable, not empty, when the page is there and cannot be read', async () => {
    const { path } = await scope.use(temporaryFolder())
    mkdirSync(join(path, 'WORKSPACE.md'))
    expect(readReport(path, [])).toMatchObject({ phase: null, unreadable: { code: 'WORKSPACE_UNREADABLE' } })
  })
})
