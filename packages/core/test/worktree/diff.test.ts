import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { git } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { check } from '../../src/orchestrator/check.ts'
import type { AgentRecord, WorktreeRecord } from '../../src/registry/record.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { diff } from '../../src/worktree/diff.ts'
import { removeWorktree } from '../../src/worktree/remove-worktree.ts'
import { laterThan } from '../harness/later-than.ts'
import { createPlace } from '../harness/place.ts'
import { commitAll, type WorktreeWorld, worktreeWorld } from './world.ts'

const scope = perTest()
let world: WorktreeWorld
let record: AgentRecord & { worktree: WorktreeRecord }

beforeEach(async () => {
  world = await worktreeWorld(scope)
  record = await world.agent()
  world.put(record.directory, 'a.txt', 'a\n')
  await commitAll(record.directory, 'Work')
  world.put(record.directory, 'README.md', 'one\n2\nthree\n')
  world.put(record.directory, 'new file.txt', 'new\n')
  world.put(record.directory, 'x.log', 'ignored\n')
})

describe('diff()', () => {
  it('is all that changed since the spawn: committed, not committed, and not followed by git; and changes no index', async () => {
    const orch = await world.open()
    const before = await git(record.directory, 'status', '--porcelain')
    const document = await diff(orch, record.id)
    expect(document).toMatchObject({
      agent: record.id,
      directory: record.directory,
      base: record.base,
      to: null,
      files: [
        { path: 'README.md', insertions: 1, deletions: 1 },
        { path: 'a.txt', insertions: 1, deletions: 0 },
        { path: 'new file.txt', insertions: 1, deletions: 0 },
      ],
      insertions: 3,
      deletions: 1,
    })
    expect(document.patch).toContain('\n-two\n+2\n')
    expect(await git(record.directory, 'status', '--porcelain')).toBe(before)
    expect(await diff(orch, record.id, { stat: true })).toEqual({ ...document, patch: null })
  })

  it('is what the branch has once the worktree is gone', async () => {
    await removeWorktree(await world.open(), record)
    const { to, files } = await diff(await world.open(), record.id)
    expect(to).toBe(await git(world.project, 'rev-parse', record.worktree.branch))
    expect(files).toEqual([{ path: 'a.txt', insertions: 1, deletions: 0 }])
  })

  it('says why there is nothing to compare', async () => {
    rmSync(record.directory, { recursive: true })
    await git(world.project, 'worktree', 'prune')
    await git(world.project, 'branch', '-D', record.worktree.branch)
    const gone = expect.stringContaining('its worktree and its branch are gone')
    await expect(diff(await world.open(), record.id)).rejects.toMatchObject({ code: 'WORKTREE_FAILED', message: gone })
    const other = await createPlace(scope)
    const { orch, id } = await other.spawn('x')
    const outside = expect.stringContaining('is no git checkout')
    await expect(diff(orch, id)).rejects.toMatchObject({ code: 'WORKTREE_FAILED', message: outside })
  })

  it('shows no file of the main checkout, and says so, once the folder is no worktree any more', async () => {
    rmSync(join(record.directory, '.git'))
    world.put(world.project, 'mine.txt', 'of the main checkout')
    const { files, warnings } = await diff(await world.open(), record.id)
    expect(files).toEqual([{ path: 'a.txt', insertions: 1, deletions: 0 }])
    expect(warnings).toMatchObject([{ code: 'NO_WORKTREE' }])
    expect(await check(await world.open(), record.id)).toMatchObject({ git: null, warnings: [{ code: 'NO_WORKTREE' }] })
  })

  it('is all since the spawn in a repository that had no commit then', async () => {
    const fresh = await createPlace(scope)
    await git(fresh.project, 'init', '--quiet')
    await git(fresh.project, 'config', 'user.name', 'Test')
    await git(fresh.project, 'config', 'user.email', 'test@example.com')
    world.put(fresh.project, 'old.txt', 'dirty before')
    await laterThan(fresh.project)
    const { orch, id } = await fresh.spawn('x')
    world.put(fresh.project, 'a.txt', 'a\n')
    const paths = async (): Promise<string[]> => (await diff(orch, id)).files.map(({ path }) => path)
    expect(await paths()).toEqual(['a.txt'])
    await git(fresh.project, 'add', 'a.txt')
    await git(fresh.project, 'commit', '--quiet', '--message', 'First')
    expect(await paths()).toEqual(['a.txt'])
  })

  it('is of the checkout for an agent without a worktree', async () => {
    const orch = await world.open()
    world.put(world.project, 'README.md', 'dirty before\n')
    world.put(world.project, 'old.txt', 'dirty before\n')
    await laterThan(world.project)
    const { agent } = await spawn(orch, { task: 'x' })
    world.put(world.project, 'b.bin', '\0')
    const { directory, files, dirtyBefore, patch } = await diff(orch, agent.id)
    expect(directory).toBe(world.project)
    expect({ files, dirtyBefore }).toEqual({
      files: [{ path: 'b.bin', insertions: null, deletions: null }],
      dirtyBefore: 2,
    })
    expect(patch).not.toContain('dirty before')
    world.put(world.project, 'old.txt', 'dirty since\n')
    expect((await diff(orch, agent.id)).files.map(({ path }) => path)).toEqual(['b.bin', 'old.txt'])
  })
})

it('check() shows the worktree, its commits, open changes and how much changed', async () => {
  const document = await check(await world.open(), record.id)
  expect(document.worktree).toEqual(record.worktree)
  expect(document.git).toMatchObject({
    branch: record.branch,
    commits: [{ subject: 'Work' }],
    dirty: ['README.md', 'new file.txt'],
    stat: { files: 2, insertions: 2, deletions: 1 },
  })
})
