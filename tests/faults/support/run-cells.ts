import { ACTING } from './acting-columns.ts'
import { type Column, saidBy } from './column.ts'
import type { Fault } from './fault.ts'
import type { Lane } from './lane.ts'
import { READING } from './reading-columns.ts'

/** One command under one fault. */
export interface Cell {
  fault: Fault
  column: Column
  /** Of this cell alone. */
  name: string
}

/** How a cell's command ended, and whether the fault was there. */
export interface Outcome {
  says: string
  /** How many requests the fault came to. */
  hits: number
}

/** Cells that are run, one after another in each lane. */
export interface Running {
  /** Rejects when, with the fault gone, something is not as it must be. */
  outcome(cell: Cell): Promise<Outcome>
  /** Begins no cell any more and resolves when those that were begun have ended. */
  stop(): Promise<void>
}

/** The cells for which the table says what is right. */
export function cellsOf(table: readonly Fault[]): Cell[] {
  return table.flatMap((fault, row) =>
    [...READING, ...ACTING].flatMap((column, index) =>
      column.name in fault.says ? [{ fault, column, name: `f${row}-c${index}` }] : [],
    ),
  )
}

/** Starts on the cells in all lanes at once. */
export function runCells(cells: readonly Cell[], lanes: readonly Promise<Lane>[]): Running {
  const left = [...cells]
  const settle = new Map<Cell, (outcome: Promise<Outcome>) => void>()
  const outcomes = new Map(
    cells.map((cell) => [cell, new Promise<Outcome>((resolve) => settle.set(cell, resolve))] as const),
  )
  for (const outcome of outcomes.values()) outcome.catch(() => {})
  const work = async (opening: Promise<Lane>): Promise<void> => {
    for (let cell = left.shift(); cell !== undefined; cell = left.shift()) {
      const outcome = opening.then((lane) => runCell(lane, cell as Cell))
      settle.get(cell)?.(outcome)
      await outcome.catch(() => {})
    }
  }
  const working = Promise.all(lanes.map(work))
  return {
    outcome: (cell) => outcomes.get(cell) as Promise<Outcome>,
    async stop() {
      left.length = 0
      await working
    },
  }
}

async function runCell(lane: Lane, { fault, column, name }: Cell): Promise<Outcome> {
  const prepared = await column.prepare(lane, name)
  let hits = 0
  let end = (): void => {}
  const gone = new Promise<void>((resolve) => {
    end = resolve
  })
  lane.proxy.intercept((request) => {
    const isMeant = fault.on === 'act' ? column.acts?.(request) : fault.rough || request.path !== '/global/health'
    if (!isMeant) return 'pass'
    hits += 1
    return fault.treat(request, lane, gone)
  })
  fault.begin?.(lane)
  const run = await lane.run(prepared.args, { hasty: fault.hasty === true, until: prepared.until })
  lane.proxy.intercept()
  end()
  await fault.end?.(lane)
  const says = saidBy(run, prepared)
  await prepared.after(run, fault.arrives).catch((cause: unknown) => {
    const printed = `${run.stdout}${run.stderr}`.slice(0, 2_000)
    throw new Error(`After "${says}": ${(cause as Error).message}\nIt had printed ${printed}`, { cause })
  })
  return { says, hits }
}
