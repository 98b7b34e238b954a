import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { CheckDocument } from '@orch/core'
import { perTest } from '../harness/scope.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'
import { type AgentStory, agentStory } from './support/agent-story.ts'

const scope = perTest()
let story: AgentStory

describe.each([
  { program: 'claude', tool: 'Read', input: (file: string) => ({ file_path: file }) },
  { program: 'codex', tool: 'exec_command', input: (file: string) => ({ cmd: `cat '${file}'` }) },
] as const)('the real $program in a worktree', ({ program, tool, input }) => {
  beforeEach(async () => {
    story = await agentStory(scope, program)
  })

  it('is trusted there, and uses its own folder in the main checkout without asking', async () => {
    const { place } = story
    const run = await place.orch('spawn', 'Say [[answer: here]]', '--worktree', '--wait', '--program', program)
    expect(run).toMatchObject({ code: 0, stdout: 'here\n' })
    const { agent } = await place.json<CheckDocument>('check', '@last')
    expect(agent.directory).toBe(join(place.project, '.orch', 'worktrees', agent.id))
    const page = join(agent.workspace, 'WORKSPACE.md')
    await story.send(agent.id, `Look [[tool: ${tool} | ${JSON.stringify(input(page))}]] [[answer: seen]]`)
    expect(await story.settled(agent.id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await readFile(page, 'utf8')).toContain('Phase:')
    expect(receivedTexts(story.model.requests, 'Look').length).toBeGreaterThan(0)
    expect(JSON.stringify(story.model.requests)).toContain('Phase: [Planning | Implementing | Testing | Complete]')
  })
})
