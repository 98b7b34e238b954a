/**
 * Several figures of one run. Who asks for one gets it of the oldest run of which it was not taken yet; where there is none,
 * a run is made. So figures that are compared stem from the same moments, and no run is made for each.
 */
export function sameRun<Name extends string>(
  names: readonly Name[],
  run: () => Promise<Readonly<Record<Name, number>>>,
): Readonly<Record<Name, () => Promise<number>>> {
  const left = new Map(names.map((name) => [name, [] as number[]]))
  const take = async (name: Name): Promise<number> => {
    const own = left.get(name) as number[]
    if (own.length === 0) {
      const figures = await run()
      for (const [each, waiting] of left) waiting.push(figures[each])
    }
    return own.shift() as number
  }
  return Object.fromEntries(names.map((name) => [name, () => take(name)])) as Record<Name, () => Promise<number>>
}
