import { createScope, type Scope } from '../../harness/create-scope.ts'

/** Runs `work` and ends what it started, however it ends. Throws what went wrong first, with the rest beside it. */
export async function withScope<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
  const { scope, end } = createScope()
  const [outcome] = await Promise.allSettled([work(scope)])
  const [ending] = await Promise.allSettled([end()])
  if (outcome.status === 'fulfilled' && ending.status === 'fulfilled') return outcome.value
  const failures = [outcome, ending].flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  throw failures.length === 1 ? failures[0] : new AggregateError(failures, failures.join('; '))
}
