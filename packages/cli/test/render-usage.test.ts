import { describe, expect, it } from '@jest/globals'
import { command as check } from '../src/commands/check.ts'
import { command as status } from '../src/commands/status.ts'
import { dollars } from '../src/render/usage.ts'
import { agentWith, statusWith, TOTAL } from './harness/documents.ts'
import { rendered } from './harness/rendered.ts'

const SPENT = {
  ...{ inputTokens: 40, outputTokens: 5, reasoningTokens: 12, cacheReadTokens: 800, cacheWriteTokens: 20 },
  costUsd: 0.0421,
}

const NOTHING = {
  ...{ inputTokens: null, outputTokens: null, reasoningTokens: null, cacheReadTokens: null, cacheWriteTokens: null },
  costUsd: null,
}

describe('status --usage', () => {
  const agents = [agentWith(), agentWith({ id: 'a-7k3q', usage: SPENT }), agentWith({ id: 'b-7k3q', usage: null })]

  it('adds what each agent used, and a total that says of how many it is not whole', () => {
    expect(rendered(status, statusWith({ agents }), 'pipe', { usage: true })).toMatchInlineSnapshot(`
      "AGENT           STATE    PHASE         BACKEND  SINCE  AGE  INPUT  OUTPUT  REASONING  CACHE  COST     WHY
      fix-login-7k3q  working  Implementing  memory   2m     3h   1200   340     -          -      -        a turn runs
      a-7k3q          working  Implementing  memory   2m     3h   40     5       12         820    $0.0421  a turn runs
      b-7k3q          working  Implementing  memory   2m     3h   -      -       -          -      -        a turn runs
      Total of 3 agents: 1240 input, 345 output, 12 reasoning, 820 cache, $0.0421; not known, or not all of it, of 1
      "
    `)
  })

  it('of all projects has a total of each', () => {
    const usageByProject = [
      { project: '/home/ada/blog', usage: { ...NOTHING, agents: 2, unknown: 2 } },
      { project: '/home/ada/shop', usage: { ...TOTAL, agents: 1, unknown: 0, costUsd: 12.3456 } },
    ]
    const document = statusWith({ project: null, agents, usageByProject })
    const totals = rendered(status, document, 'pipe', { usage: true }).split('\n').slice(4)
    expect(totals).toEqual([
      'Total of /home/ada/blog, 2 agents: not known',
      'Total of /home/ada/shop, 1 agent: 1240 input, 345 output, 12 reasoning, 820 cache, $12.35',
      'Total of 3 agents: 1240 input, 345 output, 12 reasoning, 820 cache, $0.0421; not known, or not all of it, of 1',
      '',
    ])
  })

  it('has no total of nobody, and without the option none at all', () => {
    const usage = { ...NOTHING, agents: 0, unknown: 0 }
    expect(rendered(status, statusWith({ usage }), 'pipe', { usage: true })).not.toContain('Total')
    expect(rendered(status, statusWith({ agents }))).not.toMatch(/Total|INPUT/)
  })
})

it('check shows what the agent and its newest turns used, and how full its context is', () => {
  const usage = { ...SPENT, contextTokens: 45_210, contextLimit: 200_000 }
  const turn = { messageId: 'msg_1', startedAt: '2026-11-22T11:40:00.000Z', endedAt: '2026-11-22T11:41:05.000Z', usage }
  const running = { ...turn, startedAt: '2026-11-22T11:59:30.000Z', endedAt: null, usage: NOTHING }
  const document = {
    ...{ apiVersion: 1 as const, warnings: [], agent: agentWith({ usage }) },
    ...{
      git: null,
      worktree: null,
      deliverables: [],
      verify: null,
      skill: null,
      workspaceText: null,
      tail: [],
      turns: [turn, running],
      queue: [],
      chain: [],
    },
  }
  expect(rendered(check, document).split('\n').slice(10).join('\n')).toMatchInlineSnapshot(`
    "tokens     40 in, 5 out, 12 reasoning, 800 read from cache, 20 written to cache
    cost       $0.0421
    context    45210 of 200000 tokens (23 %)
    Newest turns:
      20m ago, took 1m: 40 in, 5 out, 12 reasoning, 800 read from cache, 20 written to cache, $0.0421
      30s ago, not ended: ? in, ? out
    "
  `)
  const unlimited = { ...document, agent: agentWith({ usage: { ...usage, contextLimit: null } }), turns: [] }
  expect(rendered(check, unlimited)).toMatch(/context +45210 tokens\n$/)
})

it.each([
  [0, '$0.00'],
  [0.00003, '<$0.0001'],
  [0.0421, '$0.0421'],
  [0.5, '$0.5000'],
  [12.3456, '$12.35'],
])('%d dollars are %s', (amount, text) => {
  expect(dollars(amount)).toBe(text)
})
