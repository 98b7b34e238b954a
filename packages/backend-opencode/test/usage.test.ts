import { beforeAll, describe, expect, it } from '@jest/globals'
import { sumUsage, type TurnUsage, type Usage, type UsageCounts } from '@orch/core'
import { eventually } from '../../../tests/harness/eventually.ts'
import { perFile, perTest } from '../../../tests/harness/scope.ts'
import { startProxy } from '../../../tests/harness/start-proxy.ts'
import { opencode } from '../src/index.ts'
import { startAgent, type TestAgent } from './support/agents.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const own = perTest()
const { signal } = new AbortController()
let site: Site
beforeAll(async () => {
  site = await openSite(scope)
})

/** Dollars per million tokens, as the model of the tests is configured. */
const PRICE = { input: 3, output: 15, cacheRead: 0.3 }
const CONTEXT_LIMIT = 200_000

/** What the model was billed for all requests whose conversation holds `mark`, summed from its own answers. */
function billed(mark: string): UsageCounts {
  const own = site.model.requests.filter(({ userTexts }) => userTexts.some((text) => text.includes(mark)))
  return sumUsage(
    own.flatMap(({ usage }) => {
      if (usage === undefined) return []
      const { promptTokens, cachedTokens, completionTokens, reasoningTokens } = usage
      const [input, output] = [promptTokens - cachedTokens, completionTokens - reasoningTokens]
      const micros = input * PRICE.input + cachedTokens * PRICE.cacheRead + completionTokens * PRICE.output
      return {
        ...{ inputTokens: input, outputTokens: output, reasoningTokens, cacheReadTokens: cachedTokens },
        ...{ cacheWriteTokens: 0, costUsd: micros / 1e6 },
      }
    }),
  )
}

/** A prompt that starts a subagent with a prompt of its own. */
function task(prompt: string): string {
  const quoted = prompt.replaceAll('[', '\\u005b').replaceAll(']', '\\u005d')
  return `[[tool: task | {"description": "Help", "prompt": "${quoted}", "subagent_type": "general"}]]`
}

async function usageOf(agent: TestAgent): Promise<Usage> {
  const { usage } = await agent.observe()
  if (usage.known) return usage.value
  throw new Error(`The usage is not known: ${usage.reason.text}`)
}

async function turnsOf(agent: TestAgent, turns = 10): Promise<readonly TurnUsage[]> {
  const page = await site.open().read(agent.ref(), { last: 1, before: null, raw: false, turns }, signal)
  if (page.turns === undefined) throw new Error('The page has no turns')
  return page.turns
}

describe('the usage of an agent', () => {
  it('is what its session and its subagents were billed, each once', async () => {
    const helper = task(
      'Help of-sum [[usage: 500, 100, 40, 10]] [[shell: true]] [[usage: 600, 300, 30, 5]] [[answer: ok]]',
    )
    const prompt = `of-sum [[usage: 1000, 400, 50, 20]] ${helper} [[usage: 2000, 1500, 70, 0]] [[answer: done]]`
    const agent = await startAgent(site.open(), site.request({ permission: 'allow' }), prompt)
    await agent.ended()
    await agent.send('of-sum-later [[usage: 3000, 2500, 9, 4]] [[answer: more]]')
    await agent.ended()
    const summed = {
      inputTokens: 600 + 500 + 400 + 300 + 500,
      outputTokens: 30 + 70 + 30 + 25 + 5,
      reasoningTokens: 20 + 0 + 10 + 5 + 4,
      cacheReadTokens: 400 + 1500 + 100 + 300 + 2500,
      cacheWriteTokens: 0,
      costUsd: (2300 * 3 + 4800 * 0.3 + (160 + 39) * 15) / 1e6,
    }
    expect(billed('of-sum')).toEqual(summed)
    expect(await usageOf(agent)).toEqual(summed)
  })

  it('is what was billed when turns were retried, aborted, cut off and compacted', async () => {
    const backend = site.open()
    const agent = await startAgent(backend, site.request(), 'of-troubles [[usage: 100, 0, 10, 0]] [[answer: ready]]')
    await agent.ended()
    await agent.send('[[rate-limit: 1, 1]] [[usage: 200, 50, 10, 2]] [[answer: at last]]')
    await agent.ended()
    await agent.send('[[usage: 300, 50, 10, 2]] [[answer: half]] [[hang]]')
    await eventually(() => site.model.requests.at(-1)?.userTexts.at(-1)?.includes('[[hang]]'))
    await backend.interrupt?.(agent.ref(), signal)
    await agent.ended()
    await agent.send('[[answer: cut]] [[cut: 1]] [[usage: 400, 50, 10, 2]] [[answer: again]]')
    await agent.ended()
    const { sessionId, directory } = agent.ref().handle as { sessionId: string; directory: string }
    const { url, password } = site.record()
    await fetch(`${url}/session/${sessionId}/summarize`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`,
        'x-opencode-directory': encodeURIComponent(directory),
        'content-type': 'application/json',
      },
      body: JSON.stringify({ providerID: 'scripted', modelID: 'scripted' }),
    })
    await agent.ended()
    const ofSummary = site.model.requests.filter(
      ({ kind, userTexts }) => kind === 'housekeeping' && userTexts.some((text) => text.includes('of-troubles')),
    )
    expect(ofSummary).toMatchObject([{ state: 'answered', usage: { completionTokens: expect.any(Number) } }])
    expect(await usageOf(agent)).toEqual(billed('of-troubles'))
  })

  it('is one request, with any number of subagents', async () => {
    const prompt = `[[usage: 10, 0, 1, 0]] ${task('[[usage: 20, 0, 2, 0]] [[answer: ok]]')} [[usage: 30, 0, 3, 0]] [[answer: done]]`
    const agent = await startAgent(site.open(), site.request({ permission: 'allow' }), prompt)
    await agent.ended()
    await agent.recorded()
    const proxy = await own.use(startProxy({ target: site.record().url }))
    const { stateDirectory, environment } = site
    const host = { name: 'given', stateDirectory, namespace: 'test00000000', env: environment.env }
    const counted = opencode({ server: proxy.url, password: site.record().password })(host)
    const { observations } = await counted.observe([{ ...agent.ref(), target: counted.target }], signal)
    expect(observations).toMatchObject([{ usage: { value: { inputTokens: 60, outputTokens: 6 } } }])
    expect(proxy.counts()).toEqual({ 'GET /experimental/session': 1, 'GET /global/health': 1 })
    await counted.close()
  })
})

describe('the usage of a turn', () => {
  it('is that of all its answers and of the subagents that it started', async () => {
    const helper = task('[[usage: 500, 100, 40, 10]] [[answer: ok]]')
    const agent = await startAgent(
      site.open(),
      site.request({ permission: 'allow' }),
      '[[usage: 10, 0, 1, 0]] [[answer: a]]',
    )
    await agent.ended()
    await agent.send(`[[usage: 1000, 400, 50, 20]] ${helper} [[usage: 2000, 1500, 70, 0]] [[answer: b]]`)
    await agent.ended()
    await agent.send('[[usage: 3000, 0, 9, 0]] [[shell: true]] [[usage: 3500, 3000, 8, 1]] [[answer: c]]')
    await agent.ended()
    const turns = await turnsOf(agent)
    expect(turns.map(({ usage }) => usage)).toMatchObject([
      { inputTokens: 10, outputTokens: 1, cacheReadTokens: 0, costUsd: 0.000045 },
      { inputTokens: 600 + 500 + 400, outputTokens: 30 + 70 + 30, reasoningTokens: 30, cacheReadTokens: 2000 },
      { inputTokens: 3000 + 500, outputTokens: 9 + 7, reasoningTokens: 1, cacheReadTokens: 3000, costUsd: 0.011655 },
    ])
    expect(sumUsage(turns.map(({ usage }) => usage))).toEqual(await usageOf(agent))
    expect(turns.every(({ startedAt, endedAt }) => endedAt !== null && startedAt <= endedAt)).toBe(true)
    expect(await turnsOf(agent, 2)).toEqual(turns.slice(1))
  })

  it('tells how full the context was at the last request that was answered', async () => {
    const agent = await startAgent(site.open(), site.request(), '[[usage: 90000, 40000, 50, 20]] [[answer: ready]]')
    await agent.ended()
    expect((await turnsOf(agent)).map(({ usage }) => usage)).toMatchObject([
      { contextTokens: 90_050, contextLimit: CONTEXT_LIMIT },
    ])
    await agent.send('[[usage: 95000, 0, 60, 0]] [[shell: true]] [[answer: half]] [[hang]]')
    await eventually(() => site.model.requests.at(-1)?.toolResults.length === 1)
    const [, open] = await turnsOf(agent)
    expect(open).toMatchObject({ endedAt: null, usage: { contextTokens: 95_060, contextLimit: CONTEXT_LIMIT } })
    await site.open().interrupt?.(agent.ref(), signal)
    await agent.ended()
    await agent.send('[[error: 400]]')
    await agent.ended()
    const [, aborted, failed] = await turnsOf(agent)
    expect(aborted?.usage).toEqual(open?.usage)
    expect(failed?.usage).toMatchObject({ inputTokens: 0, costUsd: 0, contextTokens: null, contextLimit: null })
  })

  it('is known of a turn with more answers than one page holds, and none of a turn that is shown in part', async () => {
    const steps = Array.from({ length: 110 }, () => '[[usage: 10, 0, 1, 0]] [[tool: nosuch | {}]]').join(' ')
    const agent = await startAgent(site.open(), site.request(), `[[usage: 1000, 0, 1, 0]] [[answer: first]]`)
    await agent.ended()
    await agent.send(`${steps} [[usage: 10, 0, 1, 0]] [[answer: done]]`)
    await agent.ended()
    const turns = await turnsOf(agent)
    expect(turns.at(-1)?.usage).toMatchObject({ inputTokens: 1110, outputTokens: 111 })
    await agent.send('[[usage: 7, 0, 1, 0]] [[answer: last]]')
    await agent.ended()
    expect((await turnsOf(agent)).map(({ usage }) => usage.inputTokens)).toEqual([7])
  })

  it('takes three requests beside the page, whatever the number of turns', async () => {
    const proxy = await own.use(startProxy({ target: site.record().url }))
    const { stateDirectory, environment } = site
    const host = { name: 'given', stateDirectory, namespace: 'test00000000', env: environment.env }
    const backend = opencode({ server: proxy.url, password: site.record().password })(host)
    const agent = await startAgent(backend, site.request({ target: backend.target }), '[[answer: one]]')
    await agent.ended()
    await agent.send('[[answer: two]]')
    await agent.ended()
    proxy.forget()
    await backend.read(agent.ref(), { last: 5, before: null, raw: false, turns: 5 }, signal)
    const { sessionId } = agent.ref().handle as { sessionId: string }
    expect(proxy.counts()).toEqual({
      [`GET /session/${sessionId}/message`]: 2,
      'GET /experimental/session': 1,
      'GET /config/providers': 1,
    })
    proxy.intercept(({ path }) => (path === '/config/providers' ? 'reset' : 'pass'))
    const { turns } = await backend.read(agent.ref(), { last: 5, before: null, raw: false, turns: 5 }, signal)
    expect(turns?.at(-1)?.usage).toMatchObject({ contextTokens: expect.any(Number), contextLimit: null })
    await backend.close()
  })
})
