import { expect, it } from '@jest/globals'
import { keepNewest } from '../../src/transcript/keep-newest.ts'

const filled = (size: number): Map<number, number> => new Map(Array.from({ length: size }, (_, key) => [key, key]))

it('keepNewest() forgets what was set longest ago, and never what was set since', () => {
  const map = filled(20_000)
  keepNewest(map, 0, -1)
  expect(map.size).toBe(20_000)
  keepNewest(map, 20_000, 1)
  expect([map.size, map.get(0), map.has(10_001), map.has(10_002)]).toEqual([10_000, -1, false, true])
  expect([...map.keys()].slice(-2)).toEqual([0, 20_000])
})

it('keepNewest() takes no longer in a long transcript than in a short one', () => {
  const tookFor = (map: Map<number, number>, from: number): number => {
    const before = process.hrtime.bigint()
    for (let key = from; key < from + 10_000; key += 1) keepNewest(map, key, key)
    return Number(process.hrtime.bigint() - before)
  }
  const long = filled(20_000)
  const rounds = Array.from({ length: 11 }, (_, nth) => nth)
  const inShort = Math.min(...rounds.map(() => tookFor(new Map(), 0)))
  const inLong = Math.min(...rounds.map((nth) => tookFor(long, 20_000 + nth * 10_000)))
  expect(inLong / inShort).toBeLessThan(10)
})
