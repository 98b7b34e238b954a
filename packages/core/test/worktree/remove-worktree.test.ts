import { spawn as start } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { smallDisk } from '../../../../tests/bad-days/support/small-disk.ts'
import { git, gitRepository } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import type { AgentRecord, WorktreeRecord } from '../../src/registry/record.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { processesIn } from '../../src/worktree/processes-in.ts'
import { removeWorktree } from '../../src/worktree/remove-worktree.ts'
import { record as someRecord } from '../harness/values.ts'
import { branchesOf, commitAll, isGone, type WorktreeWorld, worktreeWorld } from './world.ts'

const scope = perTest()
let world: WorktreeWorld
let record: AgentRecord & { worktree: WorktreeRecord }
let path: string

beforeEach(async () => {
  world = await worktreeWorld(scope)
  record = await world.agent()
  path = record.worktree.path
})

describe('removeWorktree()', () => {
  it('removes one without work, and its branch, and is fine with being called again', async () => {
    expect(await removeWorktree(await world.open(), record)).toEqual({
      path,
      branch: record.branch,
      found: true,
      removed: true,
      branchDeleted: true,
      patch: null,
      stagedPatch: null,
      rescued: [],
      ignored: [],
      kept: null,
    })
    expect(await isGone(world.project, record.worktree)).toBe(true)
    expect(await branchesOf(world.project)).toEqual(['main'])
    const again = { found: false, removed: true, branchDeleted: true }
    expect(await removeWorktree(await world.open(), record)).toMatchObject(again)
  })

  it('is null for an agent without a worktree', async () => {
    expect(await removeWorktree(await world.open(), someRecord())).toBeNull()
  })

  it('keeps the branch while nobody else has its commits', async () => {
    world.put(path, 'a.txt', 'a')
    const commit = await commitAll(path, 'Work')
    expect(await removeWorktree(await world.open(), record)).toMatchObject({
      removed: true,
      branchDeleted: false,
      patch: null,
    })
    expect(await git(world.project, 'rev-parse', record.worktree.branch)).toBe(commit)
  })

  it.each([
    ['was merged', true],
    ['was merged, and is to stay', false],
  ])('deletes the branch only when it %s: %p', async (_, branchDeleted) => {
    world.put(path, 'a.txt', 'a')
    await commitAll(path, 'Work')
    await git(world.project, 'merge', '--quiet', '--ff-only', record.worktree.branch)
    expect(await removeWorktree(await world.open(), record, { keepBranch: !branchDeleted })).toMatchObject({
      branchDeleted,
    })
    expect((await branchesOf(world.project)).length).toBe(branchDeleted ? 1 : 2)
  })

  it('never deletes a branch that somebody stands on', async () => {
    await removeWorktree(await world.open(), record, { keepBranch: true })
    await git(world.project, 'checkout', '--quiet', record.worktree.branch)
    expect(await removeWorktree(await world.open(), record)).toMatchObject({ removed: true, branchDeleted: false })
    expect(await git(world.project, 'rev-parse', 'HEAD')).toBe(record.base)
  })

  it('writes a patch of all that is not committed first, byte for byte, and never over another one', async () => {
    const bytes = Buffer.from([0, 1, 0xff, 0xfe, 10, 13, 0x80])
    await git(world.project, 'config', 'diff.noprefix', 'true')
    world.put(path, 'README.md', 'one\nTWO\nthree\n')
    world.put(path, 'latin.txt', 'a\n')
    await git(path, 'add', 'latin.txt')
    mkdirSync(join(path, 'new'))
    const { writeFileSync } = await import('node:fs')
    writeFileSync(join(path, 'new', 'bytes'), bytes)
    writeFileSync(join(path, 'latin.txt'), Buffer.from('caf\xe9\n', 'latin1'))
    symlinkSync('README.md', join(path, 'link'))
    world.put(path, 'ignored.log', 'ignored')
    const patch = join(record.workspace, 'unsaved-2.patch')
    world.put(record.workspace, 'unsaved.patch', 'of another time')
    expect(await removeWorktree(await world.open(), record, { dryRun: true })).toMatchObject({
      removed: true,
      patch,
      kept: null,
    })
    expect(existsSync(patch)).toBe(false)
    expect(await removeWorktree(await world.open(), record)).toMatchObject({ removed: true, patch })
    expect(await isGone(world.project, record.worktree)).toBe(true)
    await git(world.project, 'apply', patch)
    expect(readFileSync(join(world.project, 'README.md'), 'utf8')).toBe('one\nTWO\nthree\n')
    expect(readFileSync(join(world.project, 'new', 'bytes'))).toEqual(bytes)
    expect(readFileSync(join(world.project, 'latin.txt'), 'latin1')).toBe('caf\xe9\n')
    expect(existsSync(join(world.project, 'link'))).toBe(true)
    expect(existsSync(join(world.project, 'ignored.log'))).toBe(false)
    expect(readFileSync(join(record.workspace, 'unsaved.patch'), 'utf8')).toBe('of another time')
  })

  it('saves a change that has the size and the second of what git last saw', async () => {
    await git(path, 'config', 'core.trustctime', 'false')
    const index = await git(path, 'rev-parse', '--path-format=absolute', '--git-path', 'index')
    const long = new Date(Date.now() - 60_000)
    const write = (text: string): void => {
      world.put(path, 'same.txt', text)
      utimesSync(join(path, 'same.txt'), long, long)
    }
    write('one')
    await commitAll(path, 'Work')
    write('two')
    utimesSync(index, long, long)
    const { patch } = (await removeWorktree(await world.open(), record)) ?? {}
    expect(readFileSync(patch as string, 'utf8')).toContain('+two')
  })

  it('saves what was staged and then changed again, or deleted, in a patch of its own', async () => {
    world.put(path, 'only.txt', 'precious\n')
    world.put(path, 'README.md', 'one\nstaged\nthree\n')
    await git(path, 'add', '--all')
    rmSync(join(path, 'only.txt'))
    world.put(path, 'README.md', 'one\nfile\nthree\n')
    const [patch, stagedPatch] = ['unsaved', 'unsaved-staged'].map((name) => join(record.workspace, `${name}.patch`))
    expect(await removeWorktree(await world.open(), record, { dryRun: true })).toMatchObject({ patch, stagedPatch })
    expect(await removeWorktree(await world.open(), record)).toMatchObject({ removed: true, patch, stagedPatch })
    await git(world.project, 'apply', stagedPatch as string)
    expect(readFileSync(join(world.project, 'only.txt'), 'utf8')).toBe('precious\n')
    expect(readFileSync(join(world.project, 'README.md'), 'utf8')).toBe('one\nstaged\nthree\n')
    await git(world.project, 'checkout', '--', 'README.md')
    await git(world.project, 'apply', patch as string)
    expect(readFileSync(join(world.project, 'README.md'), 'utf8')).toBe('one\nfile\nthree\n')
  })

  it('saves changes that git was told not to look at', async () => {
    for (const name of ['a', 'b', 'c']) world.put(path, name, `${name}\n`)
    await commitAll(path, 'Work')
    await git(path, 'update-index', '--assume-unchanged', 'a')
    await git(path, 'update-index', '--skip-worktree', 'b', 'c')
    rmSync(join(path, 'c'))
    expect(await removeWorktree(await world.open(), record, { dryRun: true })).toMatchObject({ patch: null })
    for (const name of ['a', 'b']) world.put(path, name, 'precious\n')
    const { patch } = (await removeWorktree(await world.open(), record)) ?? {}
    expect(await git(world.project, 'apply', '--numstat', patch as string)).toBe('1\t1\ta\n1\t1\tb')
  })

  it('keeps one with a deliverable that git ignores', async () => {
    world.put(path, 'result.log', 'precious')
    const agreed = { ...record, deliverables: ['result.log'] }
    expect(await removeWorktree(await world.open(), agreed)).toMatchObject({
      removed: false,
      kept: { code: 'DELIVERABLE' },
    })
    expect(readFileSync(join(path, 'result.log'), 'utf8')).toBe('precious')
  })

  it('saves no link that the configuration wanted, also where git does not ignore it', async () => {
    world.configure({ link: ['shared.txt'] })
    world.put(world.project, 'shared.txt', 'x')
    const other = await world.agent()
    expect(await git(other.worktree.path, 'status', '--porcelain')).toBe('?? shared.txt')
    expect(await removeWorktree(await world.open(), other)).toMatchObject({ removed: true, patch: null })
    expect(readFileSync(join(world.project, 'shared.txt'), 'utf8')).toBe('x')
  })

  it('saves the files of a merge that stopped at a conflict', async () => {
    world.put(path, 'README.md', 'one\nhis\nthree\n')
    await commitAll(path, 'His')
    world.put(world.project, 'README.md', 'one\nours\nthree\n')
    await commitAll(world.project, 'Ours')
    await expect(git(path, 'merge', 'main')).rejects.toThrow()
    const removal = await removeWorktree(await world.open(), record)
    expect(removal).toMatchObject({ removed: true, patch: expect.stringMatching(/unsaved\.patch$/) })
    expect(readFileSync(removal?.patch as string, 'utf8')).toContain('+<<<<<<< HEAD')
  })

  it('gives commits of no branch one', async () => {
    await git(path, 'checkout', '--quiet', '--detach')
    world.put(path, 'a.txt', 'a')
    const commit = await commitAll(path, 'Loose')
    const rescued = `orch/${record.id}-${commit.slice(0, 8)}`
    expect(await removeWorktree(await world.open(), record)).toMatchObject({ removed: true, rescued: [rescued] })
    expect(await git(world.project, 'rev-parse', rescued)).toBe(commit)
  })

  it('gives commits one that it left for a branch, and none what was amended or is tagged', async () => {
    await git(path, 'checkout', '--quiet', '--detach')
    await git(path, 'commit', '--quiet', '--allow-empty', '--message', 'Tagged')
    await git(path, 'tag', 'known')
    await git(path, 'checkout', '--quiet', '--detach', record.worktree.base)
    world.put(path, 'a.txt', 'a')
    await commitAll(path, 'Loose')
    const commit = await commitAll(path, 'Looser', '--allow-empty')
    await git(path, 'checkout', '--quiet', record.worktree.branch)
    await git(path, 'commit', '--quiet', '--allow-empty', '--message', 'Work')
    await git(path, 'commit', '--quiet', '--amend', '--allow-empty', '--message', 'Better')
    const rescued = `orch/${record.id}-${commit.slice(0, 8)}`
    expect(await removeWorktree(await world.open(), record)).toMatchObject({ removed: true, rescued: [rescued] })
    expect(await git(world.project, 'log', '-2', '--format=%s', rescued)).toBe('Looser\nLoose')
  })

  it('keeps one that holds a repository of its own, in which commits would be lost', async () => {
    const removal = async (): Promise<unknown> => removeWorktree(await world.open(), record)
    const kept = (name: string): object => ({ code: 'REPOSITORY_INSIDE', text: expect.stringContaining(`"${name}"`) })
    await gitRepository(join(path, 'inner'))
    expect(await removal()).toMatchObject({ removed: false, kept: kept('inner/') })
    expect(existsSync(join(path, 'inner', 'README.md'))).toBe(true)
    renameSync(join(path, 'inner'), join(path, 'hidden.log'))
    expect(await removal()).toMatchObject({ removed: false, kept: kept('hidden.log/') })
    rmSync(join(path, 'hidden.log'), { recursive: true })
    world.put(path, 'deep/down/file', 'of the outer one')
    await commitAll(path, 'Work')
    await git(join(path, 'deep'), 'init', '--quiet')
    expect(await git(path, 'status', '--porcelain')).toBe('')
    expect(await removal()).toMatchObject({ removed: false, kept: kept('deep/') })
  })

  it('keeps one in which another open agent was told to work, wherever in it', async () => {
    world.put(path, 'sub/file', '')
    const { agent } = await spawn(await world.open({ directory: join(path, 'sub') }), { task: 'y' })
    expect(agent.directory).toBe(join(path, 'sub'))
    const kept = { code: 'IN_USE', text: `The agent "${agent.id}" works in it` }
    expect(await removeWorktree(await world.open(), record)).toMatchObject({ removed: false, kept })
    expect(existsSync(path)).toBe(true)
    await abandon(await world.open(), [agent.id])
    expect(await removeWorktree(await world.open(), record)).toMatchObject({ removed: true })
  })

  it('keeps one with a submodule that was checked out, and removes one with an empty submodule', async () => {
    const library = await gitRepository(join(world.folder, 'library'))
    const allow = ['-c', 'protocol.file.allow=always']
    await git(world.project, ...allow, 'submodule', '--quiet', 'add', library, 'library')
    await commitAll(world.project, 'Library')
    const [one, other] = [await world.agent(), await world.agent()]
    await git(one.worktree.path, ...allow, 'submodule', '--quiet', 'update', '--init')
    expect(await removeWorktree(await world.open(), one)).toMatchObject({
      removed: false,
      kept: { code: 'REPOSITORY_INSIDE' },
    })
    expect(existsSync(join(one.worktree.path, 'library', 'README.md'))).toBe(true)
    expect(await removeWorktree(await world.open(), other)).toMatchObject({ removed: true, patch: null, kept: null })
  })

  it('keeps one that its owner locked, and one in which a process works', async () => {
    await git(world.project, 'worktree', 'lock', '--reason', 'on a stick', path)
    expect(await removeWorktree(await world.open(), record)).toMatchObject({
      kept: { code: 'LOCKED', text: 'It is locked: on a stick' },
    })
    await git(world.project, 'worktree', 'unlock', path)
    const child = start('sleep', ['1000'], { cwd: path })
    scope.defer(async () => void child.kill('SIGKILL'))
    await new Promise((resolve) => child.once('spawn', resolve))
    expect(await removeWorktree(await world.open(), record)).toMatchObject({ removed: false, kept: { code: 'IN_USE' } })
    expect(existsSync(join(path, 'README.md'))).toBe(true)
  })

  it('knows its lock, its processes and its changes where the way to it is a link', async () => {
    mkdirSync(join(world.folder, 'disk'))
    symlinkSync('disk', join(world.folder, 'trees'))
    world.configure({ directory: '../trees' })
    const { worktree, ...planned } = await world.agent()
    expect(worktree.path).toBe(join(world.folder, 'disk', planned.id))
    // As an older orch recorded it.
    const linked = { ...planned, worktree: { ...worktree, path: join(world.folder, 'trees', planned.id) } }
    await git(world.project, 'worktree', 'lock', worktree.path)
    expect(await removeWorktree(await world.open(), linked)).toMatchObject({ kept: { code: 'LOCKED' } })
    await git(world.project, 'worktree', 'unlock', worktree.path)
    expect(processesIn(linked.worktree.path)).toEqual([])
    const child = start('sleep', ['1000'], { cwd: worktree.path })
    scope.defer(async () => void child.kill('SIGKILL'))
    await new Promise((resolve) => child.once('spawn', resolve))
    expect(await removeWorktree(await world.open(), linked)).toMatchObject({ kept: { code: 'IN_USE' } })
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    expect(await removeWorktree(await world.open(), linked)).toMatchObject({ removed: true })
    expect(await isGone(world.project, worktree)).toBe(true)
  })

  it('keeps what is no worktree any more: git would answer for the checkout around it', async () => {
    rmSync(join(path, '.git'))
    expect(await removeWorktree(await world.open(), record)).toMatchObject({
      removed: false,
      kept: { code: 'NO_WORKTREE' },
    })
    expect(existsSync(join(path, 'README.md'))).toBe(true)
  })

  it('ends what a killed process began, with the patch that it wrote', async () => {
    world.put(record.workspace, 'unsaved.patch', 'written before')
    const trash = join(dirname(path), `.removed-${record.id}`)
    renameSync(path, trash)
    expect(await removeWorktree(await world.open(), record)).toMatchObject({ removed: true, patch: null })
    expect(existsSync(trash)).toBe(false)
    expect(await isGone(world.project, record.worktree)).toBe(true)
  })

  it('keeps one whose patch finds no room, or that cannot be taken away, and leaves no part of it and no second one', async () => {
    const disk = await scope.use(smallDisk())
    const elsewhere = { ...record, workspace: join(disk.path, 'workspace') }
    mkdirSync(elsewhere.workspace)
    world.put(path, 'work.txt', 'precious\n'.repeat(1000))
    const attempt = async (one: AgentRecord): Promise<unknown> => removeWorktree(await world.open(), one)
    disk.fill(4_096)
    await expect(attempt(elsewhere)).rejects.toMatchObject({ code: 'DISK', message: expect.stringContaining('patch') })
    expect(readdirSync(elsewhere.workspace)).toEqual([])
    disk.free()
    await disk.makeReadOnly()
    await expect(attempt(elsewhere)).rejects.toMatchObject({ code: 'DISK' })
    await disk.makeWritable()
    expect(readFileSync(join(path, 'work.txt'), 'utf8')).toHaveLength(9000)
    world.configure({ directory: join(disk.path, 'trees') })
    const there = await world.agent()
    world.put(there.worktree.path, 'work.txt', 'precious\n')
    await disk.makeReadOnly()
    await expect(attempt(there)).rejects.toMatchObject({ code: 'DISK' })
    await expect(attempt(there)).rejects.toMatchObject({ code: 'DISK' })
    expect(readFileSync(join(there.worktree.path, 'work.txt'), 'utf8')).toBe('precious\n')
    expect(patchesIn(there.workspace)).toEqual(['unsaved.patch'])
    await disk.makeWritable()
    expect(await attempt(there)).toMatchObject({ removed: true, patch: join(there.workspace, 'unsaved.patch') })
    expect(patchesIn(there.workspace)).toEqual(['unsaved.patch'])
    expect(await isGone(world.project, there.worktree)).toBe(true)
  })
})

function patchesIn(workspace: string): string[] {
  return readdirSync(workspace).filter((name) => name.includes('patch'))
}
