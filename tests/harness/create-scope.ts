/** Holds what a test started and ends all of it, newest first. */
export interface Scope {
  /** Keeps a resource until the scope ends, and returns it. */
  use<T extends AsyncDisposable>(resource: T | Promise<T>): Promise<T>
  /** Runs `end` when the scope ends. */
  defer(end: () => unknown): void
}

/**
 * A scope and the function that ends it. Every end runs even when another fails; then `end` throws an
 * `AggregateError` of all failures.
 */
export function createScope(): { scope: Scope; end: () => Promise<void> } {
  const ends: (() => unknown)[] = []
  const scope: Scope = {
    async use(resource) {
      const value = await resource
      ends.push(() => value[Symbol.asyncDispose]())
      return value
    },
    defer(end) {
      ends.push(end)
    },
  }
  const end = async (): Promise<void> => {
    const errors: unknown[] = []
    for (let next = ends.pop(); next; next = ends.pop()) {
      try {
        await next()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `Cannot end the test cleanly: ${errors.join('; ')}`)
  }
  return { scope, end }
}
