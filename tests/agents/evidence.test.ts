import { existsSync } from 'node:fs'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { CheckDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { type AgentStory, agentStory } from './support/agent-story.ts'

const scope = perTest()
let story: AgentStory

/** A command that never ends by itself. */
const ENDLESS = 'tail -f /dev/null'

const made = (file: string): Promise<unknown> =>
  eventually(() => existsSync(join(story.place.project, file)), { what: `"${file}"`, timeoutMs: 30_000 })

const check = (id: string): Promise<CheckDocument> => story.place.json<CheckDocument>('check', id, '--explain')

describe.each([
  {
    program: 'claude',
    unasked: ['--permission-mode', 'default', '--allowedTools=Bash'],
    child: 'claude -p',
    tool: ['Bash', 'command'],
  },
  {
    program: 'codex',
    unasked: ['--dangerously-bypass-approvals-and-sandbox'],
    child: `SCRIPTED_KEY=scripted ${process.env.ORCH_TEST_AGENTS}/node_modules/.bin/codex exec`,
    tool: ['exec_command', 'cmd'],
  },
] as const)('what is known of the real $program', ({ program, unasked, child, tool: [tool, field] }) => {
  const call = (command: string): string => {
    const input = JSON.stringify({ [field]: command, description: 'Runs it' })
    return `[[tool: ${tool} | ${input.replaceAll('[[', '\\u005b[').replaceAll(']]', ']\\u005d')}]]`
  }

  beforeEach(async () => {
    story = await agentStory(scope, program)
    const spec = { command: program, args: unasked, promptBy: 'argument' }
    await story.place.write('.orch/config.json', JSON.stringify({ programs: { [program]: spec } }))
  })

  it('is not what a child says that inherits its environment', async () => {
    const inner = `${child} "Inner [[hold: inner]] [[answer: said]]" </dev/null >inner.txt 2>&1`
    const id = await story.spawn(`Run ${call(`${inner}; touch ended; ${ENDLESS}`)}`)
    await eventually(() => story.model.waiting().includes('inner'), { what: 'the child', timeoutMs: 40_000 })
    expect(await story.place.agent(id)).toMatchObject({ state: 'working', requests: [] })
    story.model.release('inner')
    await made('ended')
    const { agent, chain } = await check(id)
    expect(agent).toMatchObject({ state: 'working', requests: [] })
    expect(chain.find(({ reason }) => reason === null)).toMatchObject({
      source: 'hook',
      detail: expect.stringMatching(/"(PreToolUse|PermissionRequest)"/),
    })
  })

  it('is not what a child says that is given its hooks as well', async () => {
    const id = await story.idle()
    const argv = (await story.place.processesOf(id)).find((one) => one.argv[0]?.endsWith(program))?.argv ?? []
    const value = argv.findIndex((part, index) => argv[index - 1] === '--settings' || part.startsWith('hooks='))
    const hooks = argv.slice(value - 1, value + 1).map((part) => `'${part.replaceAll("'", "'\\''")}'`)
    expect(hooks).toHaveLength(2)
    const inner = `${child} ${hooks.join(' ')} "Inner [[hold: inner]] [[answer: said]]"`
    await story.place.write('child.sh', `${inner} </dev/null >inner.txt 2>&1; touch ended; ${ENDLESS}`)
    await story.send(id, `Run ${call('sh child.sh')}`)
    await eventually(() => story.model.waiting().includes('inner'), { what: 'the child', timeoutMs: 40_000 })
    expect(await story.place.agent(id)).toMatchObject({ state: 'working', requests: [] })
    story.model.release('inner')
    await made('ended')
    const { agent, chain } = await check(id)
    expect(agent).toMatchObject({ state: 'working', requests: [] })
    expect(chain.find(({ reason }) => reason === null)).toMatchObject({
      source: 'hook',
      detail: expect.stringMatching(/"(PreToolUse|PermissionRequest)"/),
    })
  })

  it('is that it works when a rule allows what it would ask for', async () => {
    const id = await story.spawn(`Run ${call(`touch ran; ${ENDLESS}`)}`)
    await made('ran')
    expect(await story.place.agent(id)).toMatchObject({ state: 'working', requests: [] })
  })

  it('is that it works while its model is asked again', async () => {
    const id = await story.idle()
    await story.send(id, 'Fail [[error: 500]]')
    await eventually(() => story.model.requests.filter(({ state }) => state === 'refused').length > 1, {
      what: 'the second try',
    })
    expect(await story.place.agent(id)).toMatchObject({ state: 'working' })
  })

  it('is why it is in its state, by rank', async () => {
    const id = await story.idle()
    const sources = program === 'claude' ? ['hook', 'file'] : ['hook', 'transcript']
    const { chain } = await check(id)
    expect(chain.map(({ source }) => source)).toEqual(['process', 'process', ...sources, 'title', 'screen'])
    expect(chain.filter(({ reason }) => reason === null)).toMatchObject([{ source: 'hook' }])
    const { stdout } = await story.place.orch('check', id, '--explain')
    expect(stdout).toMatch(/^ {2}decided {2}hook: its program told of "Stop"/m)
  })

  it('is that it runs, not that it rests, when it runs no hooks', async () => {
    if (program === 'claude') {
      const folder = join(story.place.env.HOME as string, '.claude')
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'settings.json'), JSON.stringify({ disableAllHooks: true }))
    } else
      await appendFile(join(story.place.env.HOME as string, '.codex', 'config.toml'), '[features]\nhooks = false\n')
    const given = ['--wait', '--timeout', '40s', '--program', program, '--json']
    const { code, json } = await story.place.orch('spawn', 'Begin [[answer: begun]]', ...given)
    expect({ code, json }).toMatchObject({ code: 34, json: { error: { code: 'UNSUPPORTED', outcome: 'partial' } } })
    const { agent } = (json as { error: { agent: string } }).error
    expect(await story.place.agent(agent)).toMatchObject({
      state: 'running',
      reason: { text: expect.stringContaining('hooks') },
    })
  })
})

describe('what is known of the real claude', () => {
  beforeEach(async () => {
    story = await agentStory(scope, 'claude')
  })

  it('is that it failed after kill -9, whatever its own file still says', async () => {
    const id = await story.spawn('Work [[hold: the turn]]')
    await story.holds('the turn')
    const program = (await story.place.processesOf(id)).find(({ argv }) => argv[0]?.endsWith('claude'))
    process.kill(program?.pid as number, 'SIGKILL')
    await story.seen(id, 'failed')
    const { chain } = await check(id)
    expect(chain.filter(({ source }) => source === 'file')).toMatchObject([
      { detail: expect.stringContaining('SIGKILL'), reason: null },
      { detail: expect.stringContaining('notes "busy"'), reason: { code: 'STALE' } },
    ])
  })

  it('is that it waits on what a subagent asks, and that a subagent at work ends no turn', async () => {
    const prompt = 'Inner [[hold: inner]] [[shell: touch inner.txt]] [[answer: said]]'
    const input = JSON.stringify({
      description: 'Looks',
      prompt,
      subagent_type: 'general-purpose',
      run_in_background: false,
    })
    const call = `[[tool: Agent | ${input.replaceAll('[[', '\\u005b[').replaceAll(']]', ']\\u005d')}]]`
    const id = await story.spawn(`Send ${call} [[answer: done]]`)
    await story.holds('inner')
    expect(await story.place.agent(id)).toMatchObject({ state: 'working' })
    story.model.release('inner')
    const { requests } = await story.seen(id, 'waiting')
    expect(requests).toMatchObject([{ kind: 'permission', from: 'general-purpose', answerable: true }])
    expect(await story.place.json('answer', id, '--allow')).toMatchObject({ result: 'answered' })
    await made('inner.txt')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  })
})
