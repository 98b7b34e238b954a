import { execFile } from 'node:child_process'
import {
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { type SmallDisk, smallDisk } from '../../../../tests/bad-days/support/small-disk.ts'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { git } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { status } from '../../src/orchestrator/status.ts'
import { previewSpawn } from '../../src/spawn/preview-spawn.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, interrupted } from '../harness/place.ts'
import { branchesOf, commitAll, type WorktreeWorld, worktreesOf, worktreeWorld } from './world.ts'

const scope = perTest()
let world: WorktreeWorld

beforeEach(async () => {
  world = await worktreeWorld(scope)
})

/** Five times who reads the pipe `half` gets nothing, as from a file that is not written yet; then it is the file `whole`. */
async function makeWholeOnceRead(half: string, whole: string): Promise<void> {
  for (const reads of [1, 2, 3, 4, 5]) {
    // A pipe that nobody reads cannot be opened so.
    const writer = await eventually(() => open(half, constants.O_WRONLY | constants.O_NONBLOCK))
    const next = reads === 5 ? whole : `${half}.${reads}`
    if (next !== whole) await promisify(execFile)('mkfifo', [next])
    renameSync(next, half)
    await writer.close()
  }
}

describe('spawn() with a worktree', () => {
  it('makes a worktree on a branch of its own, at the commit the caller stands on, and the agent works there', async () => {
    const record = await world.agent()
    const path = join(world.project, '.orch', 'worktrees', record.id)
    const base = await git(world.project, 'rev-parse', 'HEAD')
    const branch = `orch/${record.id}`
    expect(record).toMatchObject({
      directory: path,
      branch,
      base,
      worktree: { path, branch, base, readyAt: expect.any(String) },
    })
    expect(await git(path, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe(branch)
    expect(readFileSync(join(path, 'README.md'), 'utf8')).toBe('one\ntwo\nthree\n')
    expect(await git(world.project, 'status', '--porcelain')).toBe('')
    const { agents } = await status(await world.open({ directory: path }))
    expect(agents).toMatchObject([{ id: record.id, project: world.project, directory: path, branch }])
  })

  it('goes on where another git is just making a worktree, and dies while that one is half made', async () => {
    const entry = join(world.project, '.git', 'worktrees', 'other')
    mkdirSync(entry, { recursive: true })
    writeFileSync(join(entry, 'HEAD'), await git(world.project, 'rev-parse', 'HEAD'))
    writeFileSync(join(entry, 'gitdir'), join(world.folder, 'other', '.git'))
    writeFileSync(join(entry, 'whole'), '../..\n')
    const [half, other] = [join(entry, 'commondir'), join(entry, 'whole')]
    await promisify(execFile)('mkfifo', [half])
    const [agent] = await Promise.all([world.agent(), makeWholeOnceRead(half, other)])
    expect(existsSync(join(agent.worktree.path, 'README.md'))).toBe(true)
    expect(await branchesOf(world.project)).toContain(agent.branch)
  })

  it('says which changes are not in it', async () => {
    world.put(world.project, 'README.md', 'changed\n')
    const { agent, warnings } = await spawn(await world.open(), { task: 'x', worktree: true })
    expect(warnings).toMatchObject([
      { code: 'NOT_COMMITTED', text: expect.stringContaining('1 changed file is not in it') },
    ])
    expect(readFileSync(join(agent.directory, 'README.md'), 'utf8')).toBe('one\ntwo\nthree\n')
  })

  it('says that submodules are empty in it, wherever the caller stands', async () => {
    world.put(world.project, 'deep/down/file', 'x')
    world.put(world.project, '.gitmodules', '')
    await commitAll(world.project, 'Modules')
    const orch = await world.open({ directory: join(world.project, 'deep', 'down') })
    const { warnings } = await spawn(orch, { task: 'x', worktree: true })
    expect(warnings).toMatchObject([{ code: 'SUBMODULES' }])
  })

  it('begins at the commit of a detached HEAD, in the same folder of the checkout', async () => {
    await git(world.project, 'checkout', '--quiet', '--detach')
    mkdirSync(join(world.project, 'new', 'folder'), { recursive: true })
    const orch = await world.open({ directory: join(world.project, 'new', 'folder') })
    const { agent } = await spawn(orch, { task: 'x', worktree: true })
    expect(agent.directory).toBe(join(world.project, '.orch/worktrees', agent.id, 'new/folder'))
    expect(existsSync(agent.directory)).toBe(true)
  })

  it('makes it where the configuration says', async () => {
    world.configure({ directory: '../trees' })
    const record = await world.agent()
    expect(record.worktree.path).toBe(join(world.folder, 'trees', record.id))
    expect(existsSync(join(record.worktree.path, 'README.md'))).toBe(true)
  })

  it('links and copies what the configuration names and the checkout has, and git ignores the links', async () => {
    world.configure({ link: ['node_modules', 'not-there'], copy: ['.env', 'data.log'] })
    world.put(world.project, 'node_modules/a/index.js', 'a')
    world.put(world.project, '.env', 'KEY=1\n')
    world.put(world.project, 'data.log', 'log')
    const { worktree } = await world.agent()
    expect(realpathSync(join(worktree.path, 'node_modules'))).toBe(join(world.project, 'node_modules'))
    expect(readFileSync(join(worktree.path, '.env'), 'utf8')).toBe('KEY=1\n')
    expect(lstatSync(join(worktree.path, '.env')).isSymbolicLink()).toBe(false)
    expect(existsSync(join(worktree.path, 'not-there'))).toBe(false)
    expect(await git(worktree.path, 'status', '--porcelain')).toBe('?? .env')
  })

  it('sets it up where the agent will work, with the output kept in the workspace', async () => {
    world.configure({ setup: ['sh', '-c', 'echo "at $PWD for $ORCH_AGENT_ID"; echo made > made.log'] })
    const { id, worktree, workspace } = await world.agent()
    expect(readFileSync(join(workspace, 'worktree-setup.log'), 'utf8')).toBe(`at ${worktree.path} for ${id}\n`)
    expect(existsSync(join(worktree.path, 'made.log'))).toBe(true)
  })

  it('leaves nothing behind when its set-up fails, and says what that printed', async () => {
    world.configure({ setup: "sh -c 'echo no such luck; exit 3'" })
    await expect(world.agent()).rejects.toMatchObject({
      code: 'WORKTREE_FAILED',
      message: expect.stringMatching(/ended with code 3, after it said:\nno such luck$/),
    })
    expect(await worktreesOf(world.project)).toEqual([world.project])
    expect(await branchesOf(world.project)).toEqual(['main'])
    expect((await status(await world.open())).agents).toEqual([])
  })

  it('leaves nothing behind when a hook of git ends badly, and says what that printed', async () => {
    const hook = join(world.project, '.git', 'hooks', 'post-checkout')
    world.put(dirname(hook), 'post-checkout', '#!/bin/sh\necho no LFS here >&2\nexit 1\n')
    chmodSync(hook, 0o755)
    await expect(world.agent()).rejects.toMatchObject({
      code: 'WORKTREE_FAILED',
      message: expect.stringMatching(/"post-checkout" .* ended badly, after it said:\nno LFS here$/),
    })
    expect(await worktreesOf(world.project)).toEqual([world.project])
    expect(await branchesOf(world.project)).toEqual(['main'])
  })

  it('warns of a program that is named by a path which its commit does not have', async () => {
    world.put(world.project, 'run.sh', '')
    const orch = await world.open()
    const warningsOf = async (command: string): Promise<readonly string[]> => {
      const { warnings } = await previewSpawn(orch, { task: 'x', worktree: true, programCommand: [command] })
      return warnings.map(({ code }) => code)
    }
    expect(await warningsOf('./run.sh')).toEqual(['PROGRAM_NOT_COMMITTED'])
    expect(await warningsOf('../run.sh')).toEqual(['PROGRAM_NOT_COMMITTED'])
    expect(await warningsOf('run.sh')).toEqual([])
    expect(await warningsOf('./README.md')).toEqual([])
  })

  it('leaves nothing behind when it is interrupted in its set-up, and says which agent that was', async () => {
    world.configure({ setup: ['sh', '-c', 'echo begun; exec sleep 60'] })
    const stop = new AbortController()
    const orch = await world.open()
    const spawning = new Promise<{ readonly id: string; readonly end: Promise<unknown> }>((resolve) => {
      const onClaimed = (id: string): void => resolve({ id, end })
      const end = spawn(orch, { task: 'x', worktree: true, signal: stop.signal, onClaimed }).catch((error) => error)
    })
    const { id, end } = await spawning
    const { workspace } = await world.record(id)
    const log = join(workspace, 'worktree-setup.log')
    await eventually(() => existsSync(log) && readFileSync(log, 'utf8') === 'begun\n')
    stop.abort('enough')
    expect(await end).toBe('enough')
    expect(await worktreesOf(world.project)).toEqual([world.project])
    expect(await branchesOf(world.project)).toEqual(['main'])
    expect(await world.record(id)).toMatchObject({ lifecycle: 'failed', failure: { code: 'ABORTED' }, owner: null })
    expect((await status(orch)).agents).toEqual([])
  })

  it.each([
    ['has no room', 'DISK', /free some space/i, (disk: SmallDisk) => disk.fill()],
    ['has room for a part of it', 'WORKTREE_FAILED', /has room/, (disk: SmallDisk) => disk.fill(200_000)],
    ['is read-only', 'DISK', /mount that disk writable/i, (disk: SmallDisk) => disk.makeReadOnly()],
  ])('leaves nothing behind where the disk of worktrees %s, and says so', async (_, code, hint, spoil) => {
    const disk = await scope.use(smallDisk())
    world.put(world.project, 'large', 'x'.repeat(300_000))
    await commitAll(world.project, 'Large')
    world.configure({ directory: join(disk.path, 'trees') })
    mkdirSync(join(disk.path, 'trees'))
    await spoil(disk)
    await expect(world.agent()).rejects.toMatchObject({ code, outcome: 'none', hint: expect.stringMatching(hint) })
    expect(readdirSync(join(disk.path, 'trees'))).toEqual([])
    expect(await worktreesOf(world.project)).toEqual([world.project])
    expect(await branchesOf(world.project)).toEqual(['main'])
    expect((await status(await world.open())).agents).toEqual([])
  })

  it('is refused outside git, and before the first commit', async () => {
    const other = await createPlace(scope)
    const refused = { code: 'WORKTREE_UNSUPPORTED', outcome: 'none' }
    const attempt = async (): Promise<unknown> => spawn(await other.open(), { task: 'x', worktree: true })
    await expect(attempt()).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('not in a git checkout'),
    })
    await git(other.project, 'init', '--quiet')
    await expect(attempt()).rejects.toMatchObject({ ...refused, message: expect.stringContaining('no commit yet') })
    expect((await status(await other.open(), { ended: true })).agents).toEqual([])
  })

  it('is refused where its folder would be the project itself', async () => {
    world.configure({ directory: '.' })
    await expect(world.agent()).rejects.toMatchObject({ code: 'WORKTREE_UNSUPPORTED' })
  })

  it('is made again under the same id when the process that made it was killed, over what that left', async () => {
    const key = 'k'
    const first = await world.agent()
    const path = join(world.project, '.orch', 'worktrees', 'half-made-7k3q')
    const worktree = { path, branch: 'orch/half-made-7k3q', base: first.base as string, readyAt: null }
    await git(world.project, 'worktree', 'add', '-b', worktree.branch, '--lock', '--reason', 'initializing', path)
    await git(path, 'commit', '--quiet', '--allow-empty', '--message', 'By its set-up')
    writeFileSync(join(path, 'README.md'), 'half')
    const orch = await world.open()
    const at = new Date(Date.now() - 60_000).toISOString()
    const failed = { lifecycle: 'failed', target: first.target, key, directory: path, worktree, endedAt: at } as const
    await orch.registry.create(interrupted(orch, failed))
    orch.claims.create(`key\0${world.project}\0${key}`, 1, 'half-made-7k3q')
    const { agent, created } = await spawn(orch, { task: 'x', key, worktree: true })
    expect({ id: agent.id, created, lifecycle: agent.lifecycle }).toEqual({
      id: 'half-made-7k3q',
      created: false,
      lifecycle: 'active',
    })
    expect(readFileSync(join(path, 'README.md'), 'utf8')).toBe('one\ntwo\nthree\n')
    expect(await git(path, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe(worktree.branch)
    expect(await git(path, 'log', '-1', '--format=%s')).toBe('By its set-up')
  })
})
