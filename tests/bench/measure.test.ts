import { describe, expect, it } from '@jest/globals'
import { createScope } from '../harness/create-scope.ts'
import type { Comparison, Stand, Target } from './support/bench.ts'
import { measureBench, type Result } from './support/measure.ts'
import { renderMarkdown } from './support/render.ts'
import { withScope } from './support/with-scope.ts'

const log: string[] = []

function side(name: string, figures: readonly number[]): Comparison['orch'] {
  const left = [...figures]
  return {
    what: name,
    measure: async () => {
      log.push(name)
      return left.shift() as number
    },
  }
}

/** Measures one comparison of figures that are known; the first of each is the run that does not count. */
async function measured(
  orch: number[],
  floor: number[],
  options: { target?: Target; signal?: AbortSignal } = {},
): Promise<Result> {
  log.length = 0
  const comparison: Comparison = {
    name: 'x',
    unit: 'ms',
    orch: side('orch', orch),
    floor: side('floor', floor),
    ...options,
  }
  const bench = {
    name: 'b',
    about: '',
    comparisons: async function* () {
      yield comparison
    },
  }
  const signal = options.signal ?? new AbortController().signal
  const stand = { scope: createScope().scope, quick: true, progress: () => {}, signal } as unknown as Stand
  for await (const result of measureBench(bench, stand, orch.length - 1)) return result
  throw new Error('nothing was measured')
}

describe('measureBench()', () => {
  it('runs both once beforehand, then both in every repetition, by turns first', async () => {
    await measured([1, 1, 1, 1], [1, 1, 1, 1])
    expect(log.slice(0, 2)).toEqual(['orch', 'floor'])
    expect(log.slice(2)).toEqual(['orch', 'floor', 'floor', 'orch', 'orch', 'floor'])
  })

  it('leaves the first run out and takes the median of the ratios, not the ratio of the medians', async () => {
    const { orch, floor, ratio } = await measured([1000, 10, 20, 60], [1000, 10, 10, 20])
    expect([orch.median, floor.median, ratio.median]).toEqual([20, 10, 2])
    expect((await measured([0, 10, 30, 30], [0, 1, 30, 10])).ratio.median).toBe(3)
  })

  it.each([
    [{ ratio: 2 }, true],
    [{ ratio: 1.9 }, false],
    [{ most: 20 }, true],
    [{ most: 19 }, false],
    [{ over: 10 }, true],
    [{ over: 9 }, false],
  ] as const)('judges %j: %j', async (target, met) => {
    const result = await measured([0, 20], [0, 10], { target })
    expect([result.target, result.met]).toEqual([target, met])
  })

  it('judges nothing where nothing is wanted', async () => {
    const result = await measured([0, 20], [0, 10])
    expect([result.target, result.met]).toEqual([null, null])
  })

  it('stops when it is interrupted', async () => {
    const signal = AbortSignal.abort(new Error('Ctrl-C'))
    await expect(measured([0, 20], [0, 10], { signal })).rejects.toThrow('Ctrl-C')
    expect(log).toEqual(['orch', 'floor'])
  })
})

describe('renderMarkdown()', () => {
  it('is a table with figures, ratio and target, and the floors', async () => {
    const machine = {
      date: '2026-01-02',
      commit: 'abc',
      node: '20.0.0',
      platform: 'linux x64',
      cpu: 'Fast CPU',
      cores: 2,
      tmux: '3.3',
      openCode: '1.0',
    }
    const results = [
      await measured([0, 20, 24], [0, 10, 10], { target: { ratio: 2.25 } }),
      await measured([0, 250], [0, 100], { target: { most: 249 } }),
      await measured([0, 70], [0, 11], { target: { over: 60 } }),
      await measured([0, 1], [0, 1]),
    ]
    expect(renderMarkdown({ ...machine, repetitions: 2, quick: false, results })).toMatchSnapshot()
  })
})

describe('withScope()', () => {
  it('ends what was started and throws what went wrong, then what could not be ended', async () => {
    const ended: string[] = []
    const failing = withScope(async (scope) => {
      scope.defer(() => ended.push('first'))
      scope.defer(() => {
        throw new Error('stuck')
      })
      throw new Error('broken')
    })
    await expect(failing).rejects.toThrow('Error: broken; AggregateError: Cannot end the test cleanly: Error: stuck')
    expect(ended).toEqual(['first'])
  })

  it('throws the one thing that went wrong as it is', async () => {
    const error = new Error('broken')
    await expect(withScope(() => Promise.reject(error))).rejects.toBe(error)
  })
})
