import { beforeAll, describe, expect, it } from '@jest/globals'
import type { CheckDocument, StatusDocument } from '@orch/core'
import { perFile } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { openCodePlace, type Place } from './support/place.ts'

const scope = perFile()
let place: Place

beforeAll(async () => {
  place = await scope.use(openCodePlace({ model: await scope.use(startScriptedModel()) }))
})

describe('what agents on OpenCode use', () => {
  it('is shown per agent, per turn and for the project, and is kept when they end', async () => {
    const helper = '[[usage: 500, 100, 40, 10]] [[answer: ok]]'.replaceAll('[', '\\u005b').replaceAll(']', '\\u005d')
    const task = `[[tool: task | {"description": "Help", "prompt": "${helper}", "subagent_type": "general"}]]`
    const one = await place.spawn(`One [[usage: 1000, 400, 50, 20]] ${task} [[usage: 2000, 1500, 70, 0]] [[answer: a]]`)
    const two = await place.spawn('Two [[usage: 10000, 0, 102, 0]] [[answer: b]]')
    const three = await place.spawn('Wait', '--backend', 'tmux', '--program', '--', 'cat')
    await place.orch('wait', '--until', 'idle', one, two)
    await place.orch('send', one, '[[usage: 50000, 40000, 10, 0]] [[answer: c]]')
    await place.orch('wait', '--until', 'idle', one)

    const first = { inputTokens: 600 + 400 + 500, outputTokens: 30 + 30 + 70, reasoningTokens: 20 + 10 }
    const second = { inputTokens: 10_000, outputTokens: 10, cacheReadTokens: 40_000, costUsd: 0.04215 }
    const whole = { inputTokens: 11_500, outputTokens: 140, reasoningTokens: 30, cacheReadTokens: 42_000 }
    const { agent, turns } = await place.json<CheckDocument>('check', one)
    expect(turns).toMatchObject([
      { endedAt: expect.any(String), usage: { ...first, cacheReadTokens: 400 + 100 + 1500, costUsd: 0.0075 } },
      { endedAt: expect.any(String), usage: second },
    ])
    expect(agent.usage).toEqual({
      ...{ ...whole, cacheWriteTokens: 0, costUsd: 0.04965 },
      ...{ contextTokens: 50_010, contextLimit: 200_000 },
    })
    expect((await place.orch('check', one)).stdout).toMatch(/context +50010 of 200000 tokens \(25 %\)/)

    const sums = { ...whole, inputTokens: 21_500, outputTokens: 242, costUsd: 0.08118, agents: 3, unknown: 1 }
    const open = await place.json<StatusDocument>('status')
    expect(open.usage).toMatchObject(sums)
    expect(open.usageByProject).toEqual([{ project: place.project, usage: open.usage }])
    const { stdout } = await place.orch('status', '--usage')
    expect(stdout).toMatch(new RegExp(`${two} .* 10000 +102 +0 +0 +\\$0.0315 `))
    expect(stdout).toMatch(new RegExp(`${three} .* - +- +- +- +- `))
    expect(stdout).toMatch(
      /Total of 3 agents: 21500 input, 242 output, 30 reasoning, 42000 cache, \$0.0812; not known, or not all of it, of 1\n/,
    )

    await place.orch('complete', '--force', one)
    await place.orch('abandon', two)
    expect((await place.json<StatusDocument>('status')).usage).toMatchObject({ costUsd: null, agents: 1, unknown: 1 })
    expect((await place.json<StatusDocument>('status', '--ended', '-A')).usage).toMatchObject(sums)
    expect((await place.json<CheckDocument>('check', one)).agent.usage).toEqual(agent.usage)
  })
})
