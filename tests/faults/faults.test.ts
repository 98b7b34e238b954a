import { beforeAll, describe, expect, it } from '@jest/globals'
import { perFile } from '../harness/scope.ts'
import { idle, type Lane, openLane, openTarget } from './support/lane.ts'
import { type Cell, cellsOf, type Running, runCells } from './support/run-cells.ts'
import { TABLE } from './table.ts'

/** So many commands are run at once on the server that all of them share. */
const LANES = 4

const scope = perFile()
const smooth = cellsOf(TABLE.filter(({ rough }) => !rough))
const rough = cellsOf(TABLE.filter((fault) => fault.rough))
const lanes: Promise<Lane>[] = []
const running = new Map<readonly Cell[], Running>()

beforeAll(async () => {
  const [shared, own] = await Promise.all([openTarget(scope), openTarget(scope)])
  const opened = [openLane(scope, own)]
  for (let count = 0; count < LANES; count += 1) opened.push(openLane(scope, shared))
  lanes.push(...opened)
  running.set(rough, runCells(rough, opened.slice(0, 1)))
  running.set(smooth, runCells(smooth, opened.slice(1)))
  scope.defer(() => Promise.all([...running.values()].map(({ stop }) => stop())))
})

for (const cells of [smooth, rough]) {
  for (const fault of new Set(cells.map((cell) => cell.fault))) {
    describe(`under "${fault.name}"`, () => {
      it.each(cells.filter((cell) => cell.fault === fault).map((cell) => ({ verb: cell.column.name, cell })))(
        '$verb says what is so, and all is well afterwards',
        async ({ verb, cell }) => {
          const { says, hits } = await (running.get(cells) as Running).outcome(cell)
          expect(says).toBe(fault.says[verb])
          expect(hits).toBeGreaterThan(0)
        },
      )
    })
  }
}

it('no message was given twice, and none that was said to be delivered is missing', async () => {
  for (const lane of await Promise.all(lanes)) {
    const { sent, received } = lane
    await idle(lane, lane.listener)
    const times = sent.map(({ id, text }) => received(id).split(text).length - 1)
    const wrong = sent.filter(({ sure }, index) => (times[index] as number) > 1 || (sure && times[index] === 0))
    expect(wrong).toEqual([])
  }
})
