import { expect, it } from '@jest/globals'
import { keepNewest } from '../../src/orchestrator/keep-newest.ts'

it('keepNewest() forgets what was set longest ago, and never more than that', () => {
  const map = new Map<number, number>()
  for (let key = 0; key < 10_000; key += 1) keepNewest(map, key, key)
  expect(map.size).toBe(10_000)
  keepNewest(map, 0, -1)
  keepNewest(map, 10_000, 1)
  expect([map.size, map.get(0), map.has(1), map.has(2)]).toEqual([10_000, -1, false, true])
})
