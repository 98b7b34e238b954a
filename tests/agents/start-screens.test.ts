import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { AgentRequest } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { type AgentStory, agentStory } from './support/agent-story.ts'

const scope = perTest()
let story: AgentStory

const home = (...path: string[]): string => join(story.place.env.HOME as string, ...path)

/** Waits for a request of the agent that its program shows before it begins. */
const shown = (id: string, name: string): Promise<AgentRequest> =>
  eventually(async () => (await story.place.agent(id)).requests.find((request) => request.id === `startup-${name}`), {
    what: `the screen "${name}"`,
    timeoutMs: 20_000,
  })

describe('a screen that the real claude shows before it begins', () => {
  it('is answered from outside: a theme, notes, and the trust in a folder', async () => {
    story = await agentStory(scope, 'claude')
    await writeFile(home('.claude.json'), '{}')
    const id = await story.spawn('Begin [[answer: begun]]')
    expect(await shown(id, 'theme')).toMatchObject({ kind: 'startup', answerable: true })
    expect(await story.place.json('answer', id, 'dark-ansi')).toMatchObject({ code: 0, result: 'answered' })
    await shown(id, 'notes')
    expect(await story.place.json('answer', id, 'continue')).toMatchObject({ result: 'answered' })
    const trust = await shown(id, 'trust')
    expect(trust.choices.map(({ id: choice }) => choice)).toEqual(['allow', 'deny'])
    expect((await story.place.orch('answer', id, 'perhaps')).code).not.toBe(0)
    expect(await story.place.json('answer', id, '--allow')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await story.place.json('answer', id, '--deny', '--request', 'startup-trust')).toMatchObject({
      result: 'gone',
    })
    const state = JSON.parse(await readFile(home('.claude.json'), 'utf8'))
    expect(state).toMatchObject({ projects: { [story.place.project]: { hasTrustDialogAccepted: true } } })
    expect(JSON.stringify([state, await readFile(home('.claude', 'settings.json'), 'utf8').catch(() => '')])).toContain(
      'dark-ansi',
    )
  })

  it('is answered with no, which ends it', async () => {
    story = await agentStory(scope, 'claude')
    await writeFile(home('.claude.json'), JSON.stringify({ hasCompletedOnboarding: true, theme: 'dark' }))
    const id = await story.spawn('Begin [[answer: begun]]')
    await shown(id, 'trust')
    expect(await story.place.json('answer', id, '--deny')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'exited', 'failed')).toMatchObject({ outcome: 'met' })
  })

  it('is answered when it asks for an MCP server of the project, and left alone when it asks for several', async () => {
    story = await agentStory(scope, 'claude')
    const servers = (...names: readonly string[]): Promise<string> =>
      story.place.write(
        '.mcp.json',
        JSON.stringify({ mcpServers: Object.fromEntries(names.map((name) => [name, { command: 'cat' }])) }),
      )
    await servers('odd')
    const id = await story.spawn('Begin [[answer: begun]]')
    expect((await shown(id, 'mcp')).choices.map(({ id: choice }) => choice)).toEqual(['allow', 'always', 'deny'])
    expect(await story.send(id, 'Typed')).toMatchObject({ receipt: { delivery: 'refused' } })
    expect(await story.place.json('answer', id, '--deny')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    const settings = await readFile(`${story.place.project}/.claude/settings.local.json`, 'utf8')
    expect(JSON.parse(settings)).toEqual({ disabledMcpjsonServers: ['odd'] })
    await servers('odd', 'even', 'prime')
    const other = await story.spawn('Begin [[answer: begun]]')
    expect(await shown(other, 'mcp-servers')).toMatchObject({ answerable: false, choices: [] })
    expect((await story.place.orch('answer', other, '--allow')).code).not.toBe(0)
    expect(await story.screen(other)).toContain('❯ [✔] even')
  })
})

describe('a screen that the real codex shows before it begins', () => {
  it('is answered from outside: the trust in a folder, and hooks of others', async () => {
    story = await agentStory(scope, 'codex')
    const config = await readFile(home('.codex', 'config.toml'), 'utf8')
    await writeFile(home('.codex', 'config.toml'), config.slice(0, config.indexOf('[projects')))
    const hooks = { Stop: [{ hooks: [{ type: 'command', command: 'touch foreign.txt' }] }] }
    await story.place.write('.codex/hooks.json', JSON.stringify({ hooks }))
    const id = await story.spawn('Begin [[answer: begun]]')
    await shown(id, 'trust')
    expect(await story.place.json('answer', id, '--allow')).toMatchObject({ result: 'answered' })
    await shown(id, 'hooks')
    expect(await story.place.json('answer', id, 'skip')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await readFile(home('.codex', 'config.toml'), 'utf8')).not.toContain('trusted_hash')
  })

  it('is not answered where a person must log in', async () => {
    story = await agentStory(scope, 'codex')
    await rm(home('.codex'), { recursive: true })
    await mkdir(home('.codex'))
    const id = await story.spawn('Begin [[answer: begun]]')
    expect(await shown(id, 'login')).toMatchObject({ answerable: false, choices: [] })
    expect(await story.send(id, 'Typed')).toMatchObject({ receipt: { delivery: 'refused' } })
    expect((await story.place.orch('answer', id, '1')).code).not.toBe(0)
  })
})
