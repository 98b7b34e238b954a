import { expect, it } from '@jest/globals'
import { sameRun } from './support/same-run.ts'

it('sameRun() gives each figure of a run once, and runs again only for one that was taken', async () => {
  let runs = 0
  const { orch, floor } = sameRun(['orch', 'floor'], async () => {
    runs += 1
    return { orch: runs, floor: -runs }
  })
  expect([await orch(), await floor(), runs]).toEqual([1, -1, 1])
  expect([await floor(), await floor(), await orch(), await orch(), runs]).toEqual([-2, -3, 2, 3, 3])
})
