import { execFile } from 'node:child_process'
import { chmod, copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { gitRepository } from '../harness/git-repository.ts'
import { type OpenCodeEnvironment, openCodeEnvironment } from '../harness/open-code-environment.ts'
import { killProcesses, processesMatching, processesWithEnvironment } from '../harness/processes.ts'
import { perFile } from '../harness/scope.ts'
import { startOpenCode } from '../harness/start-open-code.ts'
import { type ScriptedModel, startScriptedModel } from '../scripted-model/scripted-model.ts'
import { installPacked } from './support/install-packed.ts'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const tsc = join(root, 'node_modules/.bin/tsc')
const scope = perFile()

/** A user's project, with the packages installed. */
let project: string
let home: OpenCodeEnvironment
let model: ScriptedModel

beforeAll(async () => {
  model = await scope.use(startScriptedModel())
  home = await scope.use(openCodeEnvironment({ model }))
  scope.defer(async () => killProcesses(await processesMatching(home.home)))
  await copyFile(join(root, 'examples/scribe.mjs'), join(home.bin, 'scribe.mjs'))
  await chmod(join(home.bin, 'scribe.mjs'), 0o755)
  project = await gitRepository(home.directory, {
    '.gitignore': 'node_modules/\n',
    'package.json': '{ "name": "shop", "private": true, "type": "module" }\n',
    '.orch/config.json': JSON.stringify({ programs: { scribe: { command: 'scribe.mjs', promptBy: 'argument' } } }),
  })
  await installPacked(scope, project, await readdir(join(root, 'packages')))
}, 120_000)

/** Runs a program as in the user's shell; npm knows no registry there. */
async function run(program: string, args: readonly string[]): Promise<string> {
  const env = { ...home.env, npm_config_offline: 'true' }
  return (await execute(program, args, { cwd: project, env })).stdout.trim()
}

/** As {@link run}, for a program that may fail. */
async function ended(
  program: string,
  args: readonly string[],
  more: Readonly<Record<string, string>>,
): Promise<{ code: number; stdout: string }> {
  const env = { ...home.env, npm_config_offline: 'true', ...more }
  return execute(program, args, { cwd: project, env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  )
}

const orch = (...args: string[]): Promise<string> => run('npx', ['@orch/cli', ...args])

describe('the packed packages, installed in an empty folder', () => {
  it('are copies and no links into this repository', async () => {
    const links = (await readdir(join(project, 'node_modules/@orch'), { withFileTypes: true })).map((entry) => [
      entry.name,
      entry.isDirectory(),
    ])
    expect(Object.fromEntries(links)).toEqual({ 'backend-opencode': true, 'backend-tmux': true, cli: true, core: true })
  })

  it('give the command by its package and by its name', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'packages/cli/package.json'), 'utf8'))
    expect([await orch('--version'), await run('npx', ['orch', '--version'])]).toEqual([version, version])
  })

  it('do a whole job on an OpenCode server', async () => {
    const id = await orch(
      'spawn',
      'Greet [[write: hello.txt | hello]] [[phase: Complete - it greets]] [[answer: Done]]',
    )
    await orch('wait', id)
    expect(await readFile(join(project, 'hello.txt'), 'utf8')).toBe('hello')
    expect(await orch('complete', id)).toContain('completed')
    await orch('server', 'stop')
    expect(await processesWithEnvironment(home.mark.name, home.mark.value)).toEqual([])
  })

  it('do a whole job in tmux', async () => {
    const id = await orch('spawn', 'Choose a licence', '--program', 'scribe')
    await orch('wait', id, '--until', 'waiting')
    await orch('answer', id, 'MIT')
    await orch('wait', id)
    expect(JSON.parse(await readFile(join(project, 'package.json'), 'utf8'))).toMatchObject({ license: 'MIT' })
    expect(await orch('complete', id)).toContain('completed')
    expect(await processesWithEnvironment('ORCH_AGENT_ID', id)).toEqual([])
  })

  it('run the embedding example, which leaves records and configuration of its user alone', async () => {
    const example = join(project, 'embed.mjs')
    await copyFile(join(root, 'examples/embed.mjs'), example)
    const { stdout } = await ended(process.execPath, [example], { ORCH_BACKEND: 'tmux' })
    const [outcome, said, ...checks] = stdout.trim().split('\n')
    expect([outcome, said]).toEqual(['waiting npm test', 'All tests pass'])
    expect(checks.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      ...['pass phase', 'pass state', 'pass requests', 'pass turn', 'pass queue', 'skip deliverables'],
      ...['skip changes', 'skip verify', 'pass kept'],
    ])
    expect(await orch('history', '--all-projects', '--json')).not.toContain('"memory"')
  })

  it('run the example of the OpenCode client', async () => {
    const environment = { ...home, env: { ...home.env, OPENCODE_PERMISSION: '{"edit":"ask"}' } }
    const server = await scope.use(startOpenCode({ model, environment }))
    const example = join(project, 'opencode-client.mjs')
    await copyFile(join(root, 'examples/opencode-client.mjs'), example)
    const env = { ...home.env, OPENCODE_URL: server.url, OPENCODE_SERVER_PASSWORD: server.password }
    const prompt = '[[write: greeting.txt | hello]] [[shell: cat greeting.txt]] [[answer: Done]]'
    const { stdout } = await execute(process.execPath, [example, prompt], { cwd: project, env })
    expect(stdout).toBe('write completed\nbash completed\n')
    expect(await readFile(join(project, 'greeting.txt'), 'utf8')).toBe('hello')
    await server.stop()
  })

  it('run the example of an orchestrator, which answers and completes', async () => {
    const example = join(project, 'orchestrator.mjs')
    await copyFile(join(root, 'examples/orchestrator.mjs'), example)
    const tasks = [
      'Ask [[question: Which port? | 80 | 443]] [[phase: Complete - asked]] [[answer: Done]]',
      'Break [[error: 400]]',
    ]
    const { code, stdout } = await ended(process.execPath, [example, ...tasks], {})
    expect(code).toBe(1)
    expect(stdout).toMatch(/^ask-\S+: pass phase: It reported Complete$/m)
    const broken = /^(break-\S+): failed: Scripted error 400$/m.exec(stdout)?.[1]
    expect(await orch('abandon', broken as string)).toContain('abandoned')
  })

  it('run the example of a workflow, which fails when its agent does', async () => {
    const script = join(project, 'run-agent.sh')
    await copyFile(join(root, 'examples/github-action/run-agent.sh'), script)
    const summary = join(project, 'summary.md')
    const runAgent = async (name: string, task: string): Promise<{ code: number; stdout: string }> => {
      await writeFile(join(project, name), task)
      return ended(script, [name], { GITHUB_STEP_SUMMARY: summary, AGENT_TIMEOUT: '1m' })
    }
    const good = await runAgent(
      'good.md',
      'Greet [[write: hi.txt | hi]] [[phase: Complete - greeted]] [[answer: Done]]',
    )
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('completed') })
    expect(await readFile(summary, 'utf8')).toMatch(/^### Agent greet-\S+/m)
    const bad = await runAgent('bad.md', 'Break [[error: 400]]')
    expect(bad.code).toBe(20)
    expect(await orch('status', '--json')).toContain('"agents":[]')
    await orch('server', 'stop')
  })

  it('give their types to a strict consumer', async () => {
    await writeFile(join(project, 'consumer.ts'), CONSUMER)
    const compilerOptions = { strict: true, noEmit: true, module: 'nodenext', target: 'es2023', types: [] }
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
    const { stdout } = await execute(tsc, ['-p', project]).catch((error: { stdout: string }) => error)
    expect(stdout).toBe('')
  })
})

const CONSUMER = `import { type Backend, type BackendFactory, openOrch, type SpawnDocument, spawn } from '@orch/core'
import { BACKEND_CASES } from '@orch/core/contract'
import { memory } from '@orch/core/memory'
import { opencode } from '@orch/backend-opencode'
import { createOpenCodeClient, type ServerEvent } from '@orch/backend-opencode/client'
import { tmux } from '@orch/backend-tmux'

const backends: Record<string, BackendFactory> = { memory: memory(), opencode: opencode(), tmux: tmux({ columns: 120 }) }
const document: SpawnDocument = await spawn(await openOrch({ backends }), { task: 'x' })
const state: 'done' | 'lost' | 'idle' | string = document.agent.state
// @ts-expect-error the number of columns is a number
tmux({ columns: 'wide' })
const client = createOpenCodeClient({ url: 'http://127.0.0.1:4096' })
const answer = await client.prompt({ sessionId: 'ses_1', text: 'Hello' })
export const spent: number | undefined = answer?.info.tokens.output
// @ts-expect-error a permission is answered once, always or with a rejection
client.permissions.reply({ requestId: 'per_1', reply: 'perhaps' })
const statusOf = (event: ServerEvent) => (event.type === 'session.status' ? event.properties.status.type : null)
export const status: 'idle' | 'busy' | 'retry' | null = statusOf({} as ServerEvent)
export const results: [string, keyof Backend, number] = [state, 'observe', BACKEND_CASES.length]
`
