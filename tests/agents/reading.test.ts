import { beforeEach, describe, expect, it } from '@jest/globals'
import type { CheckDocument, Item, StatusDocument, UsageCounts } from '@orch/core'
import { sumUsage } from '@orch/core'
import { perTest } from '../harness/scope.ts'
import { claudeSubagent } from '../scripted-model/subagent.ts'
import { type AgentStory, agentStory } from './support/agent-story.ts'

const scope = perTest()
let story: AgentStory

const controls = /(?![\n\t])\p{Cc}/u

/** What the model billed for the turns of its clients, housekeeping left out. */
function billed(): UsageCounts {
  return sumUsage(
    story.model.requests
      .filter(({ kind }) => kind === 'turn')
      .flatMap(({ usage }) => usage ?? [])
      .map(({ promptTokens, cachedTokens, completionTokens, reasoningTokens }) => ({
        inputTokens: promptTokens - cachedTokens,
        outputTokens: completionTokens - reasoningTokens,
        reasoningTokens,
        cacheReadTokens: cachedTokens,
        cacheWriteTokens: 0,
        costUsd: null,
      })),
  )
}

async function itemsOf(id: string): Promise<Item[]> {
  const { stdout } = await story.place.orch('tail', '--json', '-n', '100', id)
  const lines = stdout.trim().split('\n')
  return lines.map((line) => (JSON.parse(line) as { item: Item }).item)
}

async function used(id: string): Promise<UsageCounts | undefined | null> {
  const { agents } = await story.place.json<StatusDocument>('status', '--usage')
  return agents.find((agent) => agent.id === id)?.usage
}

describe.each(['claude', 'codex'] as const)('an agent that runs the real %s', (program) => {
  beforeEach(async () => {
    story = await agentStory(scope, program)
  })

  it('shows what it used: what the model billed, each token once', async () => {
    const id = await story.spawn('Begin [[think: deep]] [[answer: begun]] [[usage: 1000, 300, 50, 20]]')
    await story.settled(id, 'idle')
    await story.send(
      id,
      'Look [[think: hm]] [[answer: I look]] [[shell: echo seen]] [[answer: seen]] [[usage: 9, 4, 3, 1]]',
    )
    await story.settled(id, 'idle')
    expect(await used(id)).toMatchObject(billed())
    expect(await story.place.agent(id)).toMatchObject({ usage: null })
    const { agent, turns } = await story.place.json<CheckDocument>('check', id)
    expect(agent.usage).toMatchObject({
      ...billed(),
      contextTokens: 12,
      contextLimit: program === 'codex' ? 258_400 : null,
    })
    expect(turns).toMatchObject([
      {
        endedAt: expect.any(String),
        usage: { inputTokens: 700, outputTokens: 30, reasoningTokens: 20, contextTokens: 1050 },
      },
      { endedAt: expect.any(String), usage: { contextTokens: 12 } },
    ])
    expect(sumUsage((turns ?? []).map(({ usage }) => usage))).toEqual(billed())
  })
})

describe.each([
  { program: 'claude', composer: /^❯/m },
  { program: 'codex', composer: /^› Ask Codex/m },
] as const)('the screen of an agent that runs the real $program', ({ program, composer }) => {
  it('shows its composer, and nothing of a message that would act on a terminal', async () => {
    story = await agentStory(scope, program)
    const id = await story.idle()
    await story.send(id, "Run [[shell: printf '\\033]0;OWNED\\007\\033[31mran']] [[answer: over]]")
    await story.settled(id, 'idle', 'waiting')
    if ((await story.place.agent(id)).state === 'waiting') await story.place.orch('answer', id, '--allow')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    const shown = await story.place.orch('tail', '--screen', id)
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(composer) })
    const told = await story.place.orch('tail', '-n', '100', id)
    expect(shown.stdout + told.stdout).not.toMatch(controls)
    const outputs = (await itemsOf(id)).flatMap(({ tool }) => tool?.output ?? [])
    expect(outputs).toEqual([expect.stringMatching(/(^|\n)ran\n?$/)])
  })
})

describe('an agent that runs the real claude', () => {
  beforeEach(async () => {
    story = await agentStory(scope, 'claude')
  })

  it('counts what its subagents used, and goes on counting after /clear', async () => {
    const id = await story.idle()
    const below = 'Sub [[answer: from below]] [[usage: 400, 100, 30, 10]]'
    await story.send(id, `Delegate ${claudeSubagent(below)} [[answer: delegated]] [[usage: 5000, 4000, 80, 0]]`)
    await story.settled(id, 'idle')
    await story.press(id, '/clear', 'Enter')
    await story.send(id, 'Afresh [[answer: clean]] [[usage: 100, 10, 5, 1]]')
    await story.settled(id, 'idle')
    expect(story.model.requests.flatMap(({ userTexts }) => userTexts)).toContain(below)
    expect(await used(id)).toMatchObject({ ...billed(), costUsd: null })
    const items = await itemsOf(id)
    const said = items.map(({ text }) => text).filter((text) => /^(begun|delegated|\/clear|clean)$/.test(text ?? ''))
    expect([...new Set(said)]).toEqual(['begun', 'delegated', '/clear', 'clean'])
    expect(items.every(({ at }) => at !== null)).toBe(true)
    const { turns } = await story.place.json<CheckDocument>('check', id)
    expect(turns).toHaveLength(3)
    expect(sumUsage((turns ?? []).map(({ usage }) => usage))).toEqual(billed())
  })
})
