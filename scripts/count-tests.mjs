import { readFileSync } from 'node:fs'

/**
 * Real counts of one jest run. Skipped and todo tests, suites that could not run, and a jest that failed
 * without naming a failed test all count as failed.
 *
 * @param {string} resultsFile what `jest --json --outputFile` wrote
 * @param {number} exitStatus of jest
 */
export function countTests(resultsFile, exitStatus) {
  const results = readResults(resultsFile)
  if (results === undefined) return { passed: 0, failed: 1 }
  const failed =
    results.numFailedTests + results.numPendingTests + results.numTodoTests + results.numRuntimeErrorTestSuites
  return { passed: results.numPassedTests, failed: failed === 0 && exitStatus !== 0 ? 1 : failed }
}

/** @param {{ passed: number, failed: number }} counts */
export function closingLine(counts) {
  return `${counts.passed} passed, ${counts.failed} failed`
}

function readResults(resultsFile) {
  try {
    return JSON.parse(readFileSync(resultsFile, 'utf8'))
  } catch {
    return undefined
  }
}
