import { isDeepStrictEqual } from 'node:util'
import { isOrchError, type OrchErrorCode } from '../errors.ts'

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
  throw new ContractFailure(`${claim}\n  expected: ${show(expected)}\n  actual:   ${show(actual)}`)
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

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 400 ? `${text.slice(0, 400)} … (${text.length} characters)` : text
}
