import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { perFile } from '../harness/scope.ts'
import { type AgentPlace, agentPlace } from './support/agent-place.ts'

const scope = perFile()
let agents: AgentPlace
beforeAll(async () => {
  agents = await scope.use(agentPlace())
})

const withoutAsking = {
  claude: ['-p', '--permission-mode', 'acceptEdits', '--allowedTools=Bash,Write,Edit'],
  codex: ['exec', '--dangerously-bypass-approvals-and-sandbox'],
} as const

describe.each(['claude', 'codex'] as const)('the scripted model, asked by the real %s', (program) => {
  const run = (prompt: string): Promise<string> =>
    agents.run(program, ...(program === 'claude' ? ['-p'] : ['exec']), prompt)

  it('answers', async () => {
    expect(await run('Say [[answer: Hello there]]')).toContain('Hello there')
    expect(agents.model.requests.at(-1)).toMatchObject({ kind: 'turn', state: 'answered', model: 'scripted' })
    expect(agents.model.requests.at(-1)?.userTexts.at(-1)).toBe('Say [[answer: Hello there]]')
  })

  it('runs a command, and goes on with its result', async () => {
    const prompt = `Run [[think: what now]] [[shell: echo made by ${program} > ${program}.txt; echo seen]] [[answer: All done]]`
    expect(await agents.run(program, ...withoutAsking[program], prompt)).toContain('All done')
    expect(await readFile(join(agents.place.project, `${program}.txt`), 'utf8')).toBe(`made by ${program}\n`)
    expect(agents.model.requests.at(-1)?.toolResults.at(-1)).toContain('seen')
  })

  it('refuses once, and answers when it is asked again', async () => {
    expect(await run('Try [[error: 500, 1]] [[answer: Second time]]')).toContain('Second time')
    expect(agents.model.requests.slice(-2).map(({ state }) => state)).toEqual(['refused', 'answered'])
  })
})

describe('the scripted model, asked by the real claude', () => {
  it('calls its tools by the names that it has for them', async () => {
    const prompt = 'Write [[write: notes.txt | one\\n]] [[edit: notes.txt | one | two]] [[answer: Written]]'
    expect(await agents.run('claude', ...withoutAsking.claude, prompt)).toContain('Written')
    expect(await readFile(join(agents.place.project, 'notes.txt'), 'utf8')).toBe('two\n')
  })

  it('bills what it is told to', async () => {
    const args = ['-p', '--output-format', 'json'] as const
    const said = await agents.run('claude', ...args, 'Bill [[usage: 100, 40, 10, 0]] [[answer: Paid]]')
    expect(JSON.parse(said)).toMatchObject({
      result: 'Paid',
      usage: { input_tokens: 60, cache_read_input_tokens: 40, output_tokens: 10 },
    })
  })
})
