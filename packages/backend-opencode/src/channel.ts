/** A queue between those who push and one who iterates. */
export interface Channel<T> {
  push(...values: T[]): void
  /** Ends the iteration once everything pushed was taken. */
  end(): void
  /** Ends the iteration with an error, likewise. */
  fail(error: unknown): void
  [Symbol.asyncIterator](): AsyncIterator<T>
}

/** An empty channel. */
export function createChannel<T>(): Channel<T> {
  const queue: T[] = []
  let isEnded = false
  let failure: { readonly error: unknown } | undefined
  let wake = (): void => {}
  return {
    push(...values) {
      queue.push(...values)
      wake()
    },
    end() {
      isEnded = true
      wake()
    },
    fail(error) {
      failure ??= { error }
      wake()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        for (let value = queue.shift(); value !== undefined; value = queue.shift()) yield value
        if (failure !== undefined) throw failure.error
        if (isEnded) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
