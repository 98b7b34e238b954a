import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { gitRepository } from '../harness/git-repository.ts'
import { killProcesses, processesMatching } from '../harness/processes.ts'
import { perFile } from '../harness/scope.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { installPacked } from './support/install-packed.ts'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const scope = perFile()

/** A stranger's project: the packed packages, and the example beside its configuration. */
let project: string
let env: Record<string, string>

beforeAll(async () => {
  const folder = (await scope.use(temporaryFolder())).path
  scope.defer(async () => killProcesses(await processesMatching(folder)))
  const [home, directory, temporary] = ['home', 'project', 'tmp'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [home, directory, temporary]) await mkdir(path, { mode: 0o700 })
  env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    TMPDIR: temporary,
    npm_config_offline: 'true',
    ORCH_REQUIRE_BACKENDS: 'process',
  }
  project = await gitRepository(directory, {
    '.gitignore': 'node_modules/\n',
    'package.json': '{ "name": "stranger", "private": true, "type": "module" }\n',
    '.orch/config.json': JSON.stringify({
      backends: { process: { module: './backend-process/src/index.js' } },
      programs: { clerk: { command: process.execPath, args: [join(directory, 'clerk.js')], promptBy: 'send' } },
    }),
    'clerk.js': CLERK,
  })
  await cp(join(root, 'examples/backend-process'), join(project, '.orch/backend-process'), { recursive: true })
  await installPacked(scope, project, ['core', 'cli'])
}, 120_000)

const orch = async (...args: string[]): Promise<string> =>
  (await execute('npx', ['@orch/cli', ...args], { cwd: project, env })).stdout.trim()

describe('the example of a backend, with nothing but the packed packages', () => {
  it('passes the whole contract with the test runner of Node', async () => {
    expect((await readdir(join(project, 'node_modules/@orch'))).sort()).toEqual(['cli', 'core'])
    const run = spawn('npm', ['test'], { cwd: join(project, '.orch/backend-process'), env, stdio: 'pipe' })
    let printed = ''
    for (const stream of [run.stdout, run.stderr]) stream.setEncoding('utf8').on('data', (text) => (printed += text))
    const [code] = await once(run, 'close')
    const failed = printed.match(/^ *not ok [\s\S]*?^ *\.\.\.$/gm) ?? []
    expect({ code, failed }).toEqual({ code: 0, failed: [] })
    const suites = [...printed.matchAll(/^ok \d+ - process backend contract \(.*\): (\d+) of (\d+) cases/gm)]
    const cases = suites.map(([, selected]) => Number(selected))
    expect(cases).toHaveLength(2)
    expect(Number(/^# pass (\d+)/m.exec(printed)?.[1])).toBe(cases.reduce((sum, count) => sum + count, 0))
    expect(printed).toMatch(/^# skipped 0$/m)
  }, 400_000)

  it('is used by the command line when the configuration names its file', async () => {
    const id = await orch('spawn', 'Sort the post', '--backend', 'process', '--program', 'clerk')
    await orch('send', id, 'The red letters first;')
    await eventually(async () => (await orch('tail', id)).includes('clerk: The red letters first;'))
    expect(JSON.parse(await orch('check', id, '--json'))).toMatchObject({
      agent: { backend: 'process', program: 'clerk', state: 'running' },
    })
    await orch('abandon', id)
    expect(await processesMatching(join(project, 'clerk.js'))).toEqual([])
    expect(await orch('status', '--json')).toContain('"agents":[]')
  })

  it('has the right types for a strict reader of its comments', async () => {
    const types = { types: ['node'], typeRoots: [join(root, 'node_modules/@types')] }
    const target = { module: 'nodenext', target: 'es2023', allowJs: true, checkJs: true, noEmit: true, strict: true }
    const config = join(project, 'tsconfig.json')
    await writeFile(config, JSON.stringify({ compilerOptions: { ...target, ...types }, include: ['.orch/**/*.js'] }))
    await expect(execute(join(root, 'node_modules/.bin/tsc'), ['-p', config])).resolves.toMatchObject({ stdout: '' })
  })

  it('asks only for what is published', async () => {
    const manifest = JSON.parse(await readFile(join(root, 'examples/backend-process/package.json'), 'utf8'))
    expect(Object.keys(manifest.dependencies)).toEqual(['@orch/core'])
  })
})

const CLERK = `import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) console.log('clerk: ' + JSON.parse(line).text)
`
