import type { Delivery, ErrorInfo, OrchErrorCode, Receipt, State, TurnEnd, WaitOutcome } from '@orch/core'

/** The exit code of every error (`api.md`). */
export const ERROR_EXIT_CODES: Readonly<Record<OrchErrorCode | 'UNEXPECTED', number>> = {
  UNEXPECTED: 1,
  DEPENDENCY_FAILED: 20,
  CLOSED: 25,
  REQUEST_AMBIGUOUS: 33,
  UNSUPPORTED: 34,
  MERGE_REFUSED: 40,
  USAGE: 64,
  BAD_DURATION: 64,
  EMPTY_TASK: 64,
  EMPTY_MESSAGE: 64,
  AGENT_AMBIGUOUS: 64,
  FULL_ID_REQUIRED: 64,
  CHOICE_UNKNOWN: 64,
  BACKEND_UNKNOWN: 64,
  PROGRAM_UNKNOWN: 64,
  RECORD_CORRUPT: 65,
  AGENT_NOT_FOUND: 66,
  FILE_NOT_FOUND: 66,
  SKILL_NOT_FOUND: 66,
  PROJECT_NOT_FOUND: 66,
  REQUEST_NOT_FOUND: 66,
  BACKEND_MISSING: 69,
  BACKEND_UNREACHABLE: 69,
  PROGRAM_MISSING: 69,
  INTERNAL: 70,
  AGENT_EXISTS: 73,
  CREATE_FAILED: 73,
  LIMIT_REACHED: 73,
  WORKSPACE_UNWRITABLE: 73,
  WORKTREE_UNSUPPORTED: 73,
  WORKTREE_FAILED: 73,
  DISK: 74,
  BUSY: 75,
  CONFLICT: 75,
  BACKEND_ERROR: 76,
  BAD_ANSWER: 76,
  WRONG_SERVER: 76,
  UNAUTHORIZED: 77,
  PERMISSION_DENIED: 77,
  BACKEND_INVALID: 78,
  PROGRAM_INVALID: 78,
  SKILL_INVALID: 78,
  CONFIG_INVALID: 78,
  SERVER_REMOTE: 78,
  TIMEOUT: 124,
  INTERRUPTED: 130,
  TERMINATED: 143,
}

/** The exit code of `wait` by how it ended. */
export const WAIT_EXIT_CODES: Readonly<Record<WaitOutcome, number>> = {
  met: 0,
  failed: 20,
  lost: 21,
  exited: 22,
  waiting: 23,
  idle: 24,
  closed: 25,
  timeout: 124,
}

/** The exit code of `send`, and of an answer that core sends as a message. */
export const DELIVERY_EXIT_CODES: Readonly<Record<Delivery, number>> = {
  confirmed: 0,
  queued: 0,
  accepted: 0,
  refused: 30,
  unconfirmed: 31,
}

/** The exit code of a message: of how its turn ended where that was waited for, else of its delivery. */
export function messageExitCode({ delivery }: Receipt, { outcome }: TurnEnd): number {
  if (outcome === 'met') return EXIT.ok
  return DELIVERY_EXIT_CODES[delivery] || (outcome === null ? EXIT.ok : WAIT_EXIT_CODES[outcome])
}

/** The exit codes that stand for a result without a table of its own. */
export const EXIT = {
  ok: 0,
  alreadyAnswered: 32,
  checkFailed: 40,
  stopUnproven: 41,
  partlyFailed: 45,
  corrupt: 65,
  notSet: 66,
  unavailable: 69,
} as const

/** The exit codes of `status --exit-code`; a state that is not here is fine. */
export const STATE_EXIT_CODES: Readonly<Partial<Record<State, number>>> = {
  failed: 20,
  lost: 21,
  exited: 22,
  waiting: 23,
}

/** What one agent of a batch came to. */
interface BatchResult {
  readonly ok: boolean
  readonly stop?: { readonly proven: boolean } | null
  readonly receipt?: Receipt | null
  readonly error: ErrorInfo | null
}

/** The exit code of a batch: of its one failure, or 45 when some went well and some did not. */
export function batchExitCode(results: readonly BatchResult[]): number {
  const codes = results.map(resultExitCode)
  const failed = codes.filter((code) => code !== EXIT.ok)
  if (failed.length === 0) return EXIT.ok
  return failed.length < codes.length ? EXIT.partlyFailed : Math.min(...failed)
}

function resultExitCode(result: BatchResult): number {
  if (result.ok) return EXIT.ok
  if (result.error !== null) return ERROR_EXIT_CODES[result.error.code]
  if (result.receipt) return DELIVERY_EXIT_CODES[result.receipt.delivery]
  return result.stop && !result.stop.proven ? EXIT.stopUnproven : EXIT.checkFailed
}
