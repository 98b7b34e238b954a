/** Named gates at which responses wait. A gate that was opened stays open. */
export interface Gates {
  /** Names at which a response waits now. */
  waiting(): string[]
  /** Opens a gate for everything that waits there and will come. */
  release(name: string): void
  /** Resolves when the gate is open; rejects with the signal's reason. */
  pass(name: string, signal: AbortSignal): Promise<void>
}

/** Creates a set of closed gates. */
export function createGates(): Gates {
  const open = new Set<string>()
  const waiters = new Map<string, Set<() => void>>()
  return {
    waiting: () => [...waiters.keys()],
    release(name) {
      open.add(name)
      for (const go of waiters.get(name) ?? []) go()
    },
    async pass(name, signal) {
      if (open.has(name)) return
      signal.throwIfAborted()
      const here = waiters.get(name) ?? new Set()
      waiters.set(name, here)
      const { promise, resolve, reject } = withResolvers()
      const abort = (): void => reject(signal.reason)
      here.add(resolve)
      signal.addEventListener('abort', abort)
      try {
        await promise
      } finally {
        signal.removeEventListener('abort', abort)
        here.delete(resolve)
        if (here.size === 0) waiters.delete(name)
      }
    },
  }
}

function withResolvers(): {
  promise: Promise<void>
  resolve: () => void
  reject: (reason: unknown) => void
} {
  let resolve!: () => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
