import { appendFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { AbandonDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import {
  isAlive,
  killProcesses,
  type ProcessInfo,
  processesWithEnvironment,
  processInfo,
  signalProcess,
} from '../harness/processes.ts'
import { perTest } from '../harness/scope.ts'
import { type AgentStory, agentStory } from './support/agent-story.ts'

type AskingProgram = 'claude' | 'codex'

const scope = perTest()
let story: AgentStory

/** Ignores what asks it to end, and notes its process id. */
const STAYS = 'trap "" HUP INT TERM\necho $$ >>pids\nexec sleep 1000\n'
const DAEMON = 'setsid nohup sh stays.sh </dev/null >/dev/null 2>&1 &'

/** A call of a shell, for which the program asks first. */
const SHELL: Record<AskingProgram, (command: string) => string> = {
  claude: (command) => `[[shell: ${command}]]`,
  codex: (cmd) =>
    `[[tool: exec_command | ${JSON.stringify({ cmd, sandbox_permissions: 'require_escalated', justification: 'Needed' })}]]`,
}

/** Gives the program a server of tools that stays when its client goes. */
async function addToolServer(program: AskingProgram): Promise<void> {
  const { place } = story
  const server = fileURLToPath(new URL('support/mcp-server.mjs', import.meta.url))
  const args = [server, join(place.project, 'pids')]
  if (program === 'codex') {
    const lines = [
      '',
      '[mcp_servers.stays]',
      `command = ${JSON.stringify(process.execPath)}`,
      `args = ${JSON.stringify(args)}`,
    ]
    return appendFile(join(place.env.HOME as string, '.codex', 'config.toml'), `${lines.join('\n')}\n`)
  }
  const config = await place.write(
    'tools.json',
    JSON.stringify({ mcpServers: { stays: { command: process.execPath, args } } }),
  )
  const claude = {
    command: 'claude',
    args: ['--permission-mode', 'default', `--mcp-config=${config}`],
    promptBy: 'argument',
  }
  await place.write('.orch/config.json', JSON.stringify({ programs: { claude } }))
}

/** The processes that noted their ids, once there are so many. */
function noted(count: number): Promise<ProcessInfo[]> {
  return eventually(
    async () => {
      const text = await readFile(join(story.place.project, 'pids'), 'utf8').catch(() => '')
      const infos = await Promise.all(text.trim().split('\n').filter(Boolean).map(Number).map(processInfo))
      const living = infos.filter((info) => info !== undefined)
      return living.length === count && living
    },
    { what: `${count} processes that noted their ids`, timeoutMs: 20_000 },
  )
}

/** Spawns an agent that is allowed whatever it asks for, and resolves once its model holds the turn. */
async function busyAgent(...calls: readonly string[]): Promise<string> {
  const id = await story.spawn(`Work ${calls.join(' ')} [[hold: the turn]]`)
  for (const _ of calls) {
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect(await story.place.json('answer', id, '--allow')).toMatchObject({ result: 'answered' })
  }
  await story.holds('the turn')
  return id
}

async function abandon(id: string): Promise<string> {
  const { code, results } = await story.place.json<AbandonDocument>('abandon', id)
  expect([code, results[0]?.stop?.proven]).toEqual([0, true])
  return (results[0]?.stop?.evidence ?? []).map(({ detail }) => detail).join('\n')
}

/** Nothing of the agent runs any more, by its id or its home, and its hooks left no pipe and no draft. */
async function expectNothingLeft(id: string): Promise<void> {
  expect(await story.place.processesOf(id)).toEqual([])
  expect((await processesWithEnvironment('HOME', story.place.env.HOME)).map(({ argv }) => argv.join(' '))).toEqual([])
  const state = join(story.place.state, 'tmux')
  const names = (await Promise.all(['events', 'exits', 'starts'].map((name) => readdir(join(state, name))))).flat()
  expect(names.filter((name) => /\.(ask|new|err)$/.test(name))).toEqual([])
  expect(await readdir(join(state, 'starts'))).toEqual([])
}

describe.each(['claude', 'codex'] as const)('the end of an agent that runs the real %s', (program) => {
  beforeEach(async () => {
    story = await agentStory(scope, program)
    await story.place.write('stays.sh', STAYS)
  })

  it('is the end of its tools, and of what a command left in a session of its own', async () => {
    await addToolServer(program)
    const id = await busyAgent(SHELL[program](DAEMON))
    const processes = await noted(2)
    const proof = await abandon(id)
    for (const { pid } of processes) {
      expect(await processInfo(pid)).toBeUndefined()
      expect(proof).toContain(`${pid} (`)
    }
    await expectNothingLeft(id)
  })

  it('leaves a process without any trace, and names it', async () => {
    const id = await busyAgent(SHELL[program](DAEMON.replace('sh stays', 'env -i sh stays')))
    const [daemon] = await noted(1)
    const proof = await abandon(id)
    expect(proof).toContain(`left alone, as nothing shows whose it is: ${daemon?.pid} (sleep)`)
    expect(await processInfo(daemon?.pid as number)).toBeDefined()
    await killProcesses([daemon as ProcessInfo])
    await expectNothingLeft(id)
  })

  it('comes in the middle of a request and from two at once, and leaves nothing behind', async () => {
    const id = await story.spawn(`Run ${SHELL[program]('touch x.txt')}`)
    await story.settled(id, 'waiting')
    const ends = await Promise.all([1, 2].map(() => story.place.json<AbandonDocument>('abandon', id)))
    expect(ends.map(({ results }) => results[0]?.ok)).toEqual([true, true])
    await expectNothingLeft(id)
  })

  it.each(['SIGKILL', 'SIGSEGV', 'SIGTERM'] as const)('by %s in a turn is known, and ends a wait', async (signal) => {
    const id = await story.spawn(`Work [[hold: the turn]]`)
    await story.seen(id, 'working')
    const waiting = await story.place.start('wait', id, '--json')
    await crash(await programOf(id, program), signal)
    expect(await waiting.result()).toMatchObject({ code: 20, json: { outcome: 'failed' } })
    const { state, exit, requests, reason } = await story.place.agent(id)
    expect([state, requests]).toEqual(['failed', []])
    const how =
      signal === 'SIGTERM'
        ? [
            { code: 143, signal: null },
            { code: null, signal },
          ]
        : [{ code: null, signal }]
    expect(how).toContainEqual(exit)
    expect(reason.text).toMatch(/Its process ended (by signal SIG|with code 143)/)
    await abandon(id)
    await expectNothingLeft(id)
  })

  it('by SIGKILL while it asks closes the request, which takes no answer any more', async () => {
    const id = await story.spawn(`Run ${SHELL[program]('touch x.txt')}`)
    await story.settled(id, 'waiting')
    const [request] = (await story.place.agent(id)).requests
    process.kill((await programOf(id, program)).pid, 'SIGKILL')
    expect(await story.seen(id, 'failed')).toMatchObject({ requests: [], exit: { signal: 'SIGKILL' } })
    expect(await story.place.json('answer', id, '--allow', '--request', request?.id as string)).toMatchObject({
      result: 'gone',
    })
    await abandon(id)
    await expectNothingLeft(id)
  })

  it('with its tmux server while it asks makes it lost, and leaves nothing to answer or to end', async () => {
    const id = await story.spawn(`Run ${SHELL[program]('touch x.txt')}`)
    await story.settled(id, 'waiting')
    const [request] = (await story.place.agent(id)).requests
    await killProcesses([(await story.place.tmux.process()) as ProcessInfo])
    expect(await story.place.agent(id)).toMatchObject({ state: 'lost', requests: [], exit: null })
    expect(await story.place.json('answer', id, '--allow', '--request', request?.id as string)).toMatchObject({
      result: 'gone',
    })
    await abandon(id)
    await expectNothingLeft(id)
  })
})

describe('the end of an agent that runs the real claude', () => {
  beforeEach(async () => {
    story = await agentStory(scope, 'claude')
    await story.place.write('stays.sh', STAYS)
  })

  it('is the end of its background commands and of its subagents', async () => {
    const background = JSON.stringify({ command: 'sh stays.sh', description: 'Stays', run_in_background: true })
    const prompt = '\\u005b[hold: the subagent]\\u005d'
    const agent = `{"description":"sub","subagent_type":"general-purpose","prompt":"${prompt}"}`
    const id = await story.spawn(`Work [[tool: Bash | ${background}]] [[tool: Agent | ${agent}]]`)
    await story.settled(id, 'waiting')
    expect(await story.place.json('answer', id, '--allow')).toMatchObject({ result: 'answered' })
    const [stays] = await noted(1)
    await story.holds('the subagent')
    const proof = await abandon(id)
    expect(proof).toContain(`${stays?.pid} (`)
    await expectNothingLeft(id)
  })

  it('by complete leaves nothing behind', async () => {
    const id = await story.idle()
    await story.send(id, 'Report [[phase: Complete]] [[answer: done]]')
    await story.settled(id, 'waiting')
    expect(await story.place.json('answer', id, '--allow')).toMatchObject({ result: 'answered' })
    await story.seen(id, 'done')
    expect(await story.place.json('complete', id)).toMatchObject({ code: 0, results: [{ ok: true }] })
    await expectNothingLeft(id)
  })
})

/** Ends a process by a signal. The first SIGSEGV that no fault caused only takes away the handler of a program in Rust. */
async function crash(victim: ProcessInfo, signal: NodeJS.Signals): Promise<void> {
  signalProcess(victim.pid, signal)
  const isGone = async (): Promise<boolean> => {
    if (!(await isAlive(victim))) return true
    if (signal === 'SIGSEGV') signalProcess(victim.pid, signal)
    return false
  }
  await eventually(isGone, { what: `the end of process ${victim.pid}` })
}

/** The program itself; codex is started from a script of node, and starts itself for other purposes. */
async function programOf(id: string, program: AskingProgram): Promise<ProcessInfo> {
  const processes = await story.place.processesOf(id)
  const own = processes.filter(({ argv }) => argv[0]?.endsWith(`/${program}`) || argv[0] === program)
  const outer = own.find(({ parentPid }) => !own.some(({ pid }) => parentPid === pid))
  if (outer === undefined) throw new Error(`Cannot find ${program}: ${processes.map(({ argv }) => argv[0])}`)
  return outer
}
