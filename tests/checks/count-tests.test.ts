import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { temporaryFolder, writeFiles } from './temporary-folder.ts'

const module = join(import.meta.dirname, '../../scripts/count-tests.mjs')
const count = `
  import { closingLine, countTests } from ${JSON.stringify(module)}
  console.log(closingLine(countTests(process.argv[1], Number(process.argv[2]))))
`

function closingLine(results: string, exitStatus: number): string {
  const folder = temporaryFolder()
  writeFiles(folder, { 'results.json': results })
  const args = ['--input-type=module', '-e', count, join(folder, 'results.json'), String(exitStatus)]
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout.trim()
}

const results = (counts: Record<string, number>): string =>
  JSON.stringify({
    numPassedTests: 5,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 0,
    ...counts,
  })

describe('countTests()', () => {
  it('counts what passed and failed', () => {
    expect(closingLine(results({}), 0)).toBe('5 passed, 0 failed')
    expect(closingLine(results({ numFailedTests: 2 }), 1)).toBe('5 passed, 2 failed')
  })

  it('counts skipped tests, todo tests and suites that could not run as failed', () => {
    const counts = { numPendingTests: 1, numTodoTests: 1, numRuntimeErrorTestSuites: 1 }
    expect(closingLine(results(counts), 0)).toBe('5 passed, 3 failed')
  })

  it('counts a failed jest that names no failed test as one failure', () => {
    expect(closingLine(results({}), 1)).toBe('5 passed, 1 failed')
  })

  it('counts a jest that left no results as one failure', () => {
    expect(closingLine('', 1)).toBe('0 passed, 1 failed')
  })
})
