import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { openCodeEnvironment } from '../harness/open-code-environment.ts'
import { killProcesses, processesMatching, processesWithEnvironment } from '../harness/processes.ts'
import { perFile } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { installPacked } from './support/install-packed.ts'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const scope = perFile()

/** What the model does for the task that stands in the README. */
const PLAYS = {
  'Write hello.txt':
    '[[write: hello.txt | Hello, world\\n]] [[shell: git add hello.txt && git commit -qm "Greet the world"]] [[phase: Complete - it greets]] [[answer: Done]]',
}

let home: Awaited<ReturnType<typeof openCodeEnvironment>>
let folder: string

beforeAll(async () => {
  const model = await scope.use(startScriptedModel({ plays: PLAYS }))
  home = await scope.use(openCodeEnvironment({ model }))
  scope.defer(async () => killProcesses(await processesMatching(home.home)))
  // The packages are not on npm yet: where npx looks upwards, they are installed as a user would have them.
  folder = join(home.directory, 'empty')
  await mkdir(folder)
  await writeFile(join(home.directory, 'package.json'), '{ "name": "newcomer", "private": true }\n')
  const git = '[user]\n\tname = Newcomer\n\temail = newcomer@example.org\n[init]\n\tdefaultBranch = main\n'
  await writeFile(join(home.home, '.gitconfig'), git)
  await installPacked(scope, home.directory, ['core', 'backend-opencode', 'backend-tmux', 'cli'])
}, 120_000)

/** The block of commands in the README that begins with an empty folder. */
async function readmeCommands(): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const block = /^<!-- from nothing to a merged change -->\n+```sh\n([\s\S]*?)^```/m.exec(readme)?.[1]
  if (block === undefined) throw new Error('the README does not lead from nothing to a merged change')
  return block
}

describe('a newcomer who does what the README says, word by word, in an empty folder', () => {
  it('comes to a verified, merged change, and leaves nothing behind', async () => {
    const env = { ...home.env, npm_config_offline: 'true' }
    const shell = ['-e', '-o', 'pipefail', '-c', await readmeCommands()]
    const { stdout } = await execute('bash', shell, { cwd: folder, env }).catch((error) => {
      throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`)
    })
    const project = join(folder, 'hello')
    const git = async (...args: string[]): Promise<string> =>
      (await execute('git', ['-C', project, ...args], { env })).stdout.trim()
    expect(await readFile(join(project, 'hello.txt'), 'utf8')).toBe('Hello, world\n')
    expect(await git('log', '--format=%s')).toContain('Greet the world')
    expect(await git('status', '--porcelain')).toBe('')
    expect((await git('worktree', 'list')).split('\n')).toHaveLength(1)
    expect(await git('branch', '--list', 'orch/*')).toBe('')
    expect(stdout).toMatch(/pass +verify/)
    expect(await processesWithEnvironment(home.mark.name, home.mark.value)).toEqual([])
  })
})
