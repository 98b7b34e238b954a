import { OrchError } from '../errors.ts'
import { recheck } from '../timing.ts'
import type { MemoryOptions, MemoryPoint } from './options.ts'

/** A method that has points. */
export type MemoryMethod = MemoryPoint extends `${infer M}:${string}` ? M : never

/** Runs the work of one call between its two points, with the delay and the crash that the options ask for. */
export async function betweenPoints<T>(
  options: MemoryOptions,
  call: { readonly method: MemoryMethod; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  call.signal.throwIfAborted()
  await pass(options, `${call.method}:before`)
  const delayMs = options.delayMs ?? 0
  if (delayMs > 0) {
    const { signal } = call
    await recheck(() => undefined, { timeoutMs: delayMs, everyMs: delayMs, signal })
  }
  const result = await work()
  await pass(options, `${call.method}:after`)
  return result
}

async function pass(options: MemoryOptions, point: MemoryPoint): Promise<void> {
  await options.barrier?.(point)
  if (options.crash?.at !== point) return
  if (options.crash.how === 'die') process.kill(process.pid, 'SIGKILL')
  const [method, when] = point.split(':')
  throw new OrchError('BACKEND_ERROR', `Cannot ${method} the agent: the memory backend was told to crash ${when} it`, {
    outcome: 'unknown',
    hint: 'Remove the option "crash"',
  })
}
