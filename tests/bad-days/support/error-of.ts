import { expect } from '@jest/globals'
import type { ErrorInfo } from '@orch/core'
import type { OrchRun } from '../../harness/orch.ts'

/** What `--json` says of an error. */
type Told = ErrorInfo & { readonly exitCode: number }

/** The error that a run with `--json` ended in, proven to be told as every error is: one sentence, one next action. */
export function errorOf(run: OrchRun): Told {
  const { error } = (run.json ?? {}) as { error?: Told }
  if (run.stdout !== '' || error === undefined)
    throw new Error(`Cannot read an error: exit code ${run.code}, "${run.stdout}", "${run.stderr}"`)
  expect(run.code).toBe(error.exitCode)
  expect(error.code).not.toMatch(/^(UNEXPECTED|INTERNAL)$/)
  expectPlain(error.message, error.hint)
  return error
}

/** A sentence and a next action, without a trace, a full stop, or a value that nobody meant to show. */
function expectPlain(message: string, hint: string | null | undefined): void {
  expect(message).toMatch(/^Cannot \S/)
  expect(hint).toMatch(/\S/)
  for (const text of [message, hint]) expect(text).not.toMatch(/\.$|\n\s+at |\bundefined\b|\bNaN\b|\[object|Error:/)
}
