import { type Io, Stopped } from './io.ts'

/** Turns whatever `work` throws into a message on stderr and an exit code: the only try and catch of the package. */
export async function guard(argv: readonly string[], io: Io, work: () => Promise<number>): Promise<number> {
  try {
    const code = await work()
    return io.signal.reason instanceof Stopped ? io.signal.reason.exitCode : code
  } catch (error) {
    if (io.signal.reason instanceof Stopped && !saysSo(error)) return io.signal.reason.exitCode
    const { reportError } = await import('./report-error.ts')
    return reportError(error, argv, io)
  }
}

/** Told by its code: this file is loaded by what needs nothing of core. */
function saysSo(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return code === 'INTERRUPTED' || code === 'TERMINATED'
}
