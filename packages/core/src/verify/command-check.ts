import { statSync } from 'node:fs'
import type { CompleteCheck, VerifyRun } from '../documents.ts'
import { fileError, isOrchError, OrchError, withContext } from '../errors.ts'
import { withoutOtherRepository } from '../git.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { giveBack, hintForHeld, takeOver } from '../registry/claims.ts'
import type { AgentRecord } from '../registry/record.ts'
import { joinWords } from '../split-words.ts'
import { recheck, TIMING } from '../timing.ts'
import { keepOutput } from './kept-output.ts'
import { runCommand } from './run-command.ts'

const NAME = 'verify'

/** How the command that verifies an agent's work is run. */
export interface VerifyOptions {
  /** Its words, instead of those that were agreed on at spawn. */
  readonly verify?: readonly string[] | undefined
  /** @default 600000 */
  readonly verifyTimeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A check and, where the command ran, how. */
export interface CommandCheck {
  readonly check: CompleteCheck
  readonly run: VerifyRun | null
}

/** The words of the command, or `null` when none was agreed on. */
export function commandFor({ verify }: AgentRecord, options: VerifyOptions): readonly string[] | null {
  return options.verify ?? verify ?? null
}

/** The check of a command that was not run. */
export function notRun(words: readonly string[] | null): CompleteCheck {
  const text = words === null ? 'No command was agreed on' : 'Not run: another check failed'
  return { name: NAME, result: 'skip', text }
}

/** The check of a command whose output cannot be kept. Throws every other error. */
export function notKept(error: unknown): CommandCheck {
  if (!isOrchError(error) || !['WORKSPACE_UNWRITABLE', 'PERMISSION_DENIED', 'DISK'].includes(error.code)) throw error
  return { check: { name: NAME, result: 'fail', text: error.message }, run: null }
}

/**
 * Runs the command in the agent's directory, one at a time there whoever asks, and keeps its output in the workspace.
 * @throws OrchError `BUSY` while another process verifies there, `WORKSPACE_UNWRITABLE`, `PERMISSION_DENIED`, `DISK`
 */
export async function commandCheck(
  orch: Orch,
  record: AgentRecord,
  words: readonly string[],
  options: VerifyOptions,
): Promise<CommandCheck> {
  const { id, directory } = record
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    const hint = `Put "${directory}" back in its place, or use "orch abandon ${id}"`
    return { check: { name: NAME, result: 'fail', text: `Its directory "${directory}" is not there`, hint }, run: null }
  }
  const { verifyTimeoutMs: timeoutMs = TIMING.verifyTimeoutMs, signal } = options
  const claim = `verify\0${directory}`
  const look = { timeoutMs, everyMs: 50, mostMs: 1_000, signal }
  if ((await recheck(() => takeOver(orch.claims, claim, null) || undefined, look)) === undefined)
    throw busy(record, hintForHeld(orch.claims, claim))
  try {
    const run = await runAndKeep(orch, record, words, { timeoutMs, signal })
    return { check: checkOf(run, { id, timeoutMs }), run }
  } finally {
    giveBack(orch.claims, claim)
  }
}

async function runAndKeep(
  orch: Orch,
  { id, directory, project, workspace }: AgentRecord,
  words: readonly string[],
  how: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<VerifyRun> {
  const text = `Cannot keep the output of ${shown(words)} in "${workspace}"`
  const cannot = (cause: unknown): OrchError =>
    withContext(fileError(cause, text, 'WORKSPACE_UNWRITABLE'), { agent: id })
  const own = { ORCH_AGENT_ID: id, ORCH_WORKSPACE: workspace, ORCH_PROJECT: project }
  const env = { ...withoutOtherRepository(orch.env), ...own }
  const kept = orThrow(() => keepOutput(workspace), cannot)
  try {
    // barrier: verify-started
    const end = await runCommand({ ...how, words, directory, env, onOutput: kept.write })
    // barrier: verify-ended
    return { command: words, ...end, output: orThrow(kept.keep, cannot), tail: kept.tail() }
  } finally {
    kept.close()
  }
}

function checkOf(
  run: VerifyRun,
  { id, timeoutMs }: { readonly id: string; readonly timeoutMs: number },
): CompleteCheck {
  const what = shown(run.command)
  if (run.exitCode === 0 && !run.timedOut) return { name: NAME, result: 'pass', text: `${what} passed` }
  const hint = `Read "${run.output}", then tell it with "orch send ${id}"`
  if (run.timedOut) {
    const text = `${what} was ended: it took longer than ${timeoutMs} ms`
    return { name: NAME, result: 'fail', text, hint: 'Allow more with --verify-timeout' }
  }
  if (run.exitCode === null && run.signal === null)
    return { name: NAME, result: 'fail', text: `${what} could not be started`, hint }
  const end = run.exitCode === null ? `was ended by ${run.signal}` : `ended with exit code ${run.exitCode}`
  const why = run.exitCode === 127 ? `${end}: a program was not found` : end
  return { name: NAME, result: 'fail', text: `${what} ${why}`, hint }
}

function shown(words: readonly string[]): string {
  return `"${joinWords(words)}"`
}

function orThrow<T>(work: () => T, toError: (cause: unknown) => OrchError): T {
  try {
    return work()
  } catch (cause) {
    throw toError(cause)
  }
}

function busy({ id, directory }: AgentRecord, hint: string): OrchError {
  return new OrchError('BUSY', `Cannot verify "${id}": another process verifies work in "${directory}"`, {
    hint,
    agent: id,
    retryable: true,
  })
}
