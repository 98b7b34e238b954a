/** So many items of a transcript are remembered by one who follows it, however long. */
const MOST = 10_000

/** Sets a key of a map, or sets it anew, and forgets the key that was set longest ago where there are too many. */
export function keepNewest<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= MOST) return
  const [oldest] = map.keys()
  map.delete(oldest as Key)
}
