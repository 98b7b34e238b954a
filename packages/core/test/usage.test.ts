import { describe, expect, it } from '@jest/globals'
import type { Usage } from '../src/agent.ts'
import { shownUsage, sumUsage, totalUsage } from '../src/usage.ts'

const NOTHING = {
  inputTokens: null,
  outputTokens: null,
  reasoningTokens: null,
  cacheReadTokens: null,
  cacheWriteTokens: null,
  costUsd: null,
}

function used(fields: Partial<Usage>): Usage {
  const none = { inputTokens: 0, outputTokens: 0, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 }
  return { ...none, costUsd: 0, ...fields }
}

describe('sumUsage()', () => {
  it('adds each field to itself', () => {
    const one = { inputTokens: 1, outputTokens: 2, reasoningTokens: 3, cacheReadTokens: 4, cacheWriteTokens: 5 }
    const two = { inputTokens: 10, outputTokens: 20, reasoningTokens: 30, cacheReadTokens: 40, cacheWriteTokens: 50 }
    expect(sumUsage([used({ ...one, costUsd: 0.5 }), used({ ...two, costUsd: 0.25 })])).toEqual({
      ...{ inputTokens: 11, outputTokens: 22, reasoningTokens: 33, cacheReadTokens: 44, cacheWriteTokens: 55 },
      costUsd: 0.75,
    })
  })

  it('rounds costs to a part of a dollar that no token is cheaper than', () => {
    expect(sumUsage([used({ costUsd: 0.1 }), used({ costUsd: 0.2 })]).costUsd).toBe(0.3)
    expect(sumUsage([used({ costUsd: 0.006104999999999999 })]).costUsd).toBe(0.006105)
    expect(sumUsage([used({ costUsd: 0.0000000375 })]).costUsd).toBe(0.0000000375)
    expect(sumUsage(Array.from({ length: 10_000 }, () => used({ costUsd: 0.1 }))).costUsd).toBe(1_000)
  })

  it('does not know a sum of which it does not know a part', () => {
    expect(sumUsage([used({ inputTokens: 7 }), used({ inputTokens: 7, costUsd: null })])).toMatchObject({
      inputTokens: 14,
      costUsd: null,
    })
  })

  it('leaves out how full a context is: two contexts are not one', () => {
    const full = used({ contextTokens: 100, contextLimit: 200 })
    expect(Object.keys(sumUsage([full, full])).sort()).toEqual(Object.keys(NOTHING).sort())
  })
})

describe('totalUsage()', () => {
  it('sums what is known and counts those of which it is not', () => {
    const agents = [used({ inputTokens: 5, costUsd: 0.1 }), null, used({ inputTokens: 6, costUsd: 0.2 }), null]
    expect(totalUsage(agents)).toMatchObject({ inputTokens: 11, costUsd: 0.3, agents: 4, unknown: 2 })
  })

  it('counts an agent that is missing from one of the sums', () => {
    const agents = [used({ inputTokens: 5, costUsd: 0.1 }), used({ inputTokens: 6, costUsd: null })]
    expect(totalUsage(agents)).toMatchObject({ inputTokens: 11, costUsd: 0.1, agents: 2, unknown: 1 })
  })

  it('misses nobody from a sum that is of none', () => {
    const agents = [used({ inputTokens: 5, costUsd: null }), used({ inputTokens: 6, costUsd: null })]
    expect(totalUsage(agents)).toMatchObject({ inputTokens: 11, costUsd: null, agents: 2, unknown: 0 })
  })

  it('of unknown agents is unknown, not 0', () => {
    expect(totalUsage([null, null])).toEqual({ ...NOTHING, agents: 2, unknown: 2 })
    expect(totalUsage([])).toEqual({ ...NOTHING, agents: 0, unknown: 0 })
  })
})

it('shownUsage() has every field, with the cost rounded', () => {
  expect(shownUsage(used({ costUsd: 0.1 + 0.2 }))).toEqual({
    ...used({ costUsd: 0.3 }),
    ...{ contextTokens: null, contextLimit: null },
  })
  expect(shownUsage(used({ contextTokens: 3, contextLimit: 9 }))).toMatchObject({ contextTokens: 3, contextLimit: 9 })
})
