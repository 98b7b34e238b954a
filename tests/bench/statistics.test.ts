import { describe, expect, it } from '@jest/globals'
import { percentile, ratios, summarize } from './support/statistics.ts'

describe('summarize()', () => {
  it('gives the middle figure of an odd number, in whatever order they came', () => {
    expect(summarize([5, 1, 3])).toEqual({ median: 3, p10: 1.4, p90: 4.6 })
  })

  it('gives what lies between the two middle ones of an even number', () => {
    expect(summarize([4, 1, 2, 3]).median).toBe(2.5)
  })

  it('gives a single figure three times', () => {
    expect(summarize([7])).toEqual({ median: 7, p10: 7, p90: 7 })
  })

  it('refuses none', () => {
    expect(() => summarize([])).toThrow(new RangeError('Cannot summarize figures: there are none'))
  })

  it('leaves the figures as they were', () => {
    const figures = [3, 1, 2]
    summarize(figures)
    expect(figures).toEqual([3, 1, 2])
  })
})

describe('percentile()', () => {
  it('finds the figure itself where one stands there, by size and not by its letters', () => {
    const eleven = [100, 90, 80, 70, 60, 50, 40, 30, 20, 10, 9]
    expect([0, 10, 50, 90, 100].map((percent) => percentile(eleven, percent))).toEqual([9, 10, 50, 90, 100])
  })

  it('divides the way between two figures in proportion', () => {
    expect(percentile([10, 20], 25)).toBe(12.5)
  })
})

describe('ratios()', () => {
  it('compares the figures of each repetition with each other', () => {
    expect(ratios([10, 9], [5, 3])).toEqual([2, 3])
  })

  it('refuses figures that have no partner', () => {
    expect(() => ratios([1, 2], [1])).toThrow('Cannot compare 2 figures with 1 of the floor')
  })
})
