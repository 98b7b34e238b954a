/** So many items of a transcript are remembered at least by one who follows it, however long, and twice as many at most. */
const LEAST = 10_000

/**
 * Sets a key of a map, or sets it anew, and forgets the keys that were set longest ago where there are too many: many at once,
 * as a map finds its oldest key the more slowly the more were deleted before it.
 */
export function keepNewest<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= 2 * LEAST) return
  for (const oldest of map.keys()) {
    if (map.size <= LEAST) return
    map.delete(oldest)
  }
}
