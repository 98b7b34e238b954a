/** Where the middle of some figures lies, and where four fifths of them do. */
export interface Summary {
  readonly median: number
  readonly p10: number
  readonly p90: number
}

/** Median, p10 and p90 of at least one figure. @throws RangeError for none. */
export function summarize(figures: readonly number[]): Summary {
  return { median: percentile(figures, 50), p10: percentile(figures, 10), p90: percentile(figures, 90) }
}

/**
 * The value below which `percent` of the figures lie, between two of them in proportion.
 *
 * @param percent 0 to 100
 * @throws RangeError for no figures.
 */
export function percentile(figures: readonly number[], percent: number): number {
  if (figures.length === 0) throw new RangeError('Cannot summarize figures: there are none')
  const sorted = figures.toSorted((a, b) => a - b)
  const place = ((sorted.length - 1) * percent) / 100
  const below = sorted[Math.floor(place)] as number
  const above = sorted[Math.ceil(place)] as number
  return below + (above - below) * (place - Math.floor(place))
}

/** How many times as much each figure is as the floor's of the same repetition. */
export function ratios(figures: readonly number[], floors: readonly number[]): number[] {
  return compared(figures, floors, (figure, floor) => figure / floor)
}

/** How much more each figure is than the floor's of the same repetition. */
export function differences(figures: readonly number[], floors: readonly number[]): number[] {
  return compared(figures, floors, (figure, floor) => figure - floor)
}

function compared(
  figures: readonly number[],
  floors: readonly number[],
  compare: (figure: number, floor: number) => number,
): number[] {
  if (figures.length !== floors.length)
    throw new RangeError(`Cannot compare ${figures.length} figures with ${floors.length} of the floor`)
  return figures.map((figure, index) => compare(figure, floors[index] as number))
}
