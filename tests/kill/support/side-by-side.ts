/** Does the work for each item, a few at a time, and resolves when all of it is done or rejects with the first error. */
export async function sideBySide<T>(items: Iterable<T>, work: (item: T) => Promise<void>, atOnce = 3): Promise<void> {
  const left = items[Symbol.iterator]()
  let failed = false
  const worker = async (): Promise<void> => {
    for (let next = left.next(); !next.done && !failed; next = left.next()) {
      await work(next.value).catch((error: unknown) => {
        failed = true
        throw error
      })
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
