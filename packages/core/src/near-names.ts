/** Those of `known` that were probably meant by `name`, at most five, the nearest first. */
export function nearNames(name: string, known: readonly string[]): readonly string[] {
  return known
    .map((one) => ({ one, far: farness(one, name) }))
    .filter(({ far }) => far <= 2)
    .sort((a, b) => a.far - b.far)
    .slice(0, 5)
    .map(({ one }) => one)
}

function farness(one: string, name: string): number {
  if (name !== '' && one.startsWith(name)) return 0
  return name.length > 2 && one.includes(name) ? 1 : distance(one, name)
}

/** How many characters must be put in, taken out or replaced to get from `a` to `b`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (b[j] === letter ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
