import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { monotonicMs } from '../../src/timing.ts'
import { readReport } from '../../src/workspace/read-report.ts'
import { EMPTY_PAGE, NO_REPORT } from '../../src/workspace/report.ts'
import { writePhase } from '../../src/workspace/workspace.ts'

const scope = perTest()
let path: string
let page: string

beforeEach(async () => {
  path = (await scope.use(temporaryFolder())).path
  page = join(path, 'WORKSPACE.md')
})

describe('readReport()', () => {
  it('is empty without a page and without a folder', async () => {
    expect(await readReport(path, [])).toEqual(NO_REPORT)
    expect(readReport(join(path, 'gone'), [])).toEqual(NO_REPORT)
    writeFileSync(join(path, 'file'), '')
    expect(await readReport(join(path, 'file'), [])).toEqual(NO_REPORT)
  })

  it('says since when the phase stands there', async () => {
    writeFileSync(page, 'Phase: Testing\n')
    const { phase } = await readReport(path, [])
    expect(Math.abs(Date.now() - Date.parse(phase?.at as string))).toBeLessThan(60_000)
  })

  it('is unreadable, not empty, when the page is there and cannot be read', async () => {
    mkdirSync(page)
    expect(await readReport(path, [])).toMatchObject({ phase: null, unreadable: { code: 'WORKSPACE_UNREADABLE' } })
  })

  it('waits for nothing when the page is old, as it was made, or written by orch', () => {
    writeFileSync(page, EMPTY_PAGE)
    expect(readReport(path, [])).toEqual(NO_REPORT)
    writePhase(path, 'fix-login-7k3q', 'Testing', null)
    expect(readReport(path, [])).toMatchObject({ phase: { name: 'Testing' } })
    writeFileSync(page, 'Phase: Planning\n')
    utimesSync(page, 1, 1)
    expect(readReport(path, [])).toMatchObject({ phase: { name: 'Planning' } })
  })

  it('does not wait for ever for a page whose times are those of another clock', async () => {
    writeFileSync(page, 'Phase: Testing\n')
    const later = Date.now() / 1_000 + 3_600
    utimesSync(page, later, later)
    expect(await readReport(path, [])).toMatchObject({ phase: { name: 'Testing' } })
  })
})

describe('a page that is being replaced', () => {
  const before = 'Phase: Implementing\nQUESTION: Which one?\n'
  const after = 'Phase: Implementing - half of it\nQUESTION: Which one?\nmore\n'
  const whole = { phase: { name: 'Implementing' }, requests: [{ text: 'Which one?' }] }

  it.each<readonly [how: string, cut: () => void]>([
    ['emptied first', () => writeFileSync(page, '')],
    ['cut in the middle of a phase', () => writeFileSync(page, after.slice(0, 10))],
    ['cut behind a line', () => writeFileSync(page, 'Phase: Implementing - half of it\n')],
    ['taken away first', () => rmSync(page)],
    ['moved away first', () => renameSync(page, `${page}~`)],
  ])('is read once it is whole: %s', async (_, cut) => {
    writeFileSync(page, before)
    cut()
    const reading = readReport(path, [])
    expect(reading).toBeInstanceOf(Promise)
    writeFileSync(page, after)
    expect(await reading).toMatchObject({ ...whole, phase: { name: 'Implementing', note: 'half of it' } })
  })

  it('by another process, again and again, never flips', async () => {
    writeFileSync(page, before)
    const editor = `
      const fs = require('node:fs')
      const [page, before, after] = process.argv.slice(1)
      const turn = (n) => {
        const text = n % 2 ? before : after
        const file = fs.openSync(page, 'w')
        setTimeout(() => {
          fs.writeSync(file, text.slice(0, 15))
          setTimeout(() => { fs.writeSync(file, text.slice(15)); fs.closeSync(file); setTimeout(turn, 80, n + 1) }, 3)
        }, 3)
      }
      turn(0)`
    const child = spawn(process.execPath, ['-e', editor, page, before, after], { stdio: 'ignore' })
    scope.defer(async () => {
      if (child.kill('SIGKILL')) await once(child, 'exit')
    })
    await once(child, 'spawn')
    const end = monotonicMs() + 1_500
    while (monotonicMs() < end) expect(await readReport(path, [])).toMatchObject(whole)
  })

  it('that never rests is read as it is', async () => {
    let writes = 0
    const writing = setInterval(() => writeFileSync(page, ++writes % 2 ? '' : after), 5)
    scope.defer(() => clearInterval(writing))
    writeFileSync(page, before)
    expect(await readReport(path, [])).toMatchObject(whole)
  })
})
