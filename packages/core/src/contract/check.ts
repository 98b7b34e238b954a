import { isDeepStrictEqual } from 'node:util'
import type { Reason } from '../agent.ts'
import { isOrchError, type OrchErrorCode } from '../errors.ts'

/** Characters of a value that a failure shows. */
const SHOWN = 400

/** A promise of the contract that was not kept; the message says which. */
export class ContractFailure extends Error {
  override readonly name = 'ContractFailure'
}

/** Fails with `claim` unless `condition` holds. */
export function check(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new ContractFailure(claim)
}

/** Fails with `claim` and both values unless they are deeply equal as data; realms do not matter. */
export function checkEqual(actual: unknown, expected: unknown, claim: string): void {
  if (isDeepStrictEqual(structuredClone(actual), structuredClone(expected))) return
  const [wanted, got] = showDifference(toText(expected), toText(actual))
  throw new ContractFailure(`${claim}\n  expected: ${wanted}\n  actual:   ${got}`)
}

/** Fails with `claim` unless `work` rejects with an `OrchError` of one of these codes. */
export async function checkRejects(
  work: Promise<unknown>,
  codes: readonly OrchErrorCode[],
  claim: string,
): Promise<void> {
  const outcome = await settle(work)
  if ('value' in outcome) throw new ContractFailure(`${claim}\n  it resolved: ${show(outcome.value)}`)
  const { error } = outcome
  if (isOrchError(error) && codes.includes(error.code)) return
  throw new ContractFailure(`${claim}\n  it rejected with: ${String(error)}`, { cause: error })
}

/** What became of a promise. */
export async function settle<T>(work: Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await work }
  } catch (error) {
    return { error }
  }
}

/** Whether it is a reason that says something. */
export function isReason(reason: Reason | null): boolean {
  return reason !== null && reason.code !== '' && reason.text !== ''
}

/** The failure of a case: what went wrong, and the reason the case exists for. */
export function caseFailure(entry: { readonly id: string; readonly because: string }, cause: unknown): ContractFailure {
  const text = cause instanceof ContractFailure ? cause.message : `unexpected: ${describe(cause)}`
  return new ContractFailure(`${entry.id}: ${text}\n  because: ${entry.because}`, { cause })
}

function describe(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}

/** Both texts from a little before the place where they part. */
function showDifference(one: string, two: string): [string, string] {
  let start = 0
  while (start < one.length && one[start] === two[start]) start++
  const from = one.length <= SHOWN && two.length <= SHOWN ? 0 : Math.max(0, start - SHOWN / 4)
  return [cut(one, from), cut(two, from)]
}

function show(value: unknown): string {
  return cut(toText(value), 0)
}

function toText(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}

function cut(text: string, from: number): string {
  const shown = `${from > 0 ? '… ' : ''}${text.slice(from, from + SHOWN)}`
  return text.length > from + SHOWN ? `${shown} … (${text.length} characters)` : shown
}
