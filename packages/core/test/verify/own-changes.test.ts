import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { git, gitRepository } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { changesCheck } from '../../src/verify/changes-check.ts'
import { type ChangesLook, readOwnChanges } from '../../src/verify/own-changes.ts'
import { laterThan } from '../harness/later-than.ts'

const scope = perTest()
let directory: string
let base: string

beforeEach(async () => {
  const { path } = await scope.use(temporaryFolder())
  const files = { a: 'a\n', b: 'b\n', c: 'c\n', 'dir/d': 'd\n' }
  directory = await gitRepository(join(path, 'project'), files)
  base = await git(directory, 'rev-parse', 'HEAD')
})

const write = (name: string): void => appendFileSync(join(directory, name), 'more\n')

/** From now on changes are of the agent; what was changed before is a moment older. */
async function spawned(): Promise<() => Promise<ChangesLook>> {
  const record = { directory, base, spawnedAt: await laterThan(directory) }
  return async () => {
    const look = await readOwnChanges(record, [])
    if (look === null) throw new Error('git told nothing')
    return look
  }
}

describe('readOwnChanges()', () => {
  it('has only what was changed since the spawn: not what was dirty before and is untouched', async () => {
    for (const name of ['a', 'new before', 'dir/new before']) write(name)
    rmSync(join(directory, 'dir/d'))
    const look = await spawned()
    for (const name of ['b', 'new since', 'made/since']) {
      mkdirSync(join(directory, 'made'), { recursive: true })
      write(name)
    }
    expect((await look()).changes).toEqual({
      ...{ base, head: base, branch: 'main', commits: [], sharedWith: [], dirtyBefore: 4 },
      dirty: ['b', 'made/since', 'new since'],
    })
    write('a')
    rmSync(join(directory, 'c'))
    const { changes } = await look()
    expect(changes).toMatchObject({ dirty: ['a', 'b', 'c', 'made/since', 'new since'], dirtyBefore: 3 })
  })

  it('of a worktree begins when that was set up', async () => {
    const path = join(directory, '..', 'worktree')
    const checkout = directory
    await git(checkout, 'worktree', 'add', '--quiet', path)
    directory = path
    write('from the set-up')
    const readyAt = await laterThan(checkout)
    write('mine')
    const worktree = { path: directory, branch: 'orch/x', base, readyAt }
    const look = await readOwnChanges({ directory, base, spawnedAt: new Date(0).toISOString(), worktree }, [])
    expect(look?.changes).toMatchObject({ dirty: ['mine'], dirtyBefore: 1 })
  })

  it('counts everything when the clock was set back since', async () => {
    write('a')
    const spawnedAt = new Date(Date.now() + 3_600_000).toISOString()
    expect((await readOwnChanges({ directory, base, spawnedAt }, []))?.changes).toMatchObject({ dirty: ['a'] })
  })

  it('has renamed and odd names as they are', async () => {
    const look = await spawned()
    renameSync(join(directory, 'c'), join(directory, 'x " \n\t-> y'))
    await git(directory, 'add', '--all')
    expect((await look()).changes.dirty).toEqual(['x " \n\t-> y'])
  })

  it('has the commits since the spawn, and not older ones that were brought in', async () => {
    await git(directory, 'checkout', '--quiet', '-b', 'other')
    const old = ['-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '--quiet', '--allow-empty']
    await git(directory, ...old, '--message', 'Old')
    await git(directory, 'checkout', '--quiet', 'main')
    const look = await spawned()
    await git(directory, 'merge', '--quiet', '--no-ff', '--message', 'Merge', 'other')
    write('a')
    await git(directory, 'commit', '--quiet', '--all', '--message', 'Mine')
    const { changes } = await look()
    expect(changes.commits.map(({ subject }) => subject)).toEqual(['Mine', 'Merge'])
    expect(changes.dirty).toEqual([])
  })

  it('looks from the root of the repository when the agent works below it', async () => {
    const root = directory
    const look = await spawned()
    directory = join(root, 'dir')
    expect((await look()).changes.dirty).toEqual([])
    for (const name of ['d', '../a']) write(name)
    const below = await readOwnChanges({ directory, base, spawnedAt: new Date(0).toISOString() }, [])
    expect(below?.changes.dirty).toEqual(['a', 'dir/d'])
  })

  it('tells of a repository without commits, a detached head, and of nothing outside git', async () => {
    await git(directory, 'checkout', '--quiet', '--detach')
    expect((await (await spawned())()).changes).toMatchObject({ head: base, branch: null })
    const fresh = join(directory, '..', 'fresh')
    mkdirSync(fresh)
    const record = { directory: fresh, base: null, spawnedAt: new Date(0).toISOString() }
    expect(await readOwnChanges(record, [])).toBeNull()
    await git(fresh, 'init', '--quiet', '--initial-branch=new')
    writeFileSync(join(fresh, 'x'), '')
    expect((await readOwnChanges(record, []))?.changes).toMatchObject({ head: null, branch: 'new', dirty: ['x'] })
  })

  it('has another fingerprint after each change, also of a file that was dirty before', async () => {
    write('a')
    const look = await spawned()
    const prints = [(await look()).fingerprint, (await look()).fingerprint]
    expect(prints[0]).toBe(prints[1])
    for (const name of ['a', 'a', 'new']) {
      write(name)
      prints.push((await look()).fingerprint)
    }
    await git(directory, 'commit', '--quiet', '--allow-empty', '--message', 'x')
    prints.push((await look()).fingerprint)
    expect(new Set(prints).size).toBe(5)
  })
})

describe('changesCheck()', () => {
  const checkOf = async (options = {}): Promise<ReturnType<typeof changesCheck>> => {
    const look = await readOwnChanges({ directory, base, spawnedAt: new Date(0).toISOString() }, ['other-2345'])
    return changesCheck({ id: 'fix-it-2345', directory }, look, options)
  }

  it('passes with uncommitted files, unless they have to be committed', async () => {
    expect(await checkOf({ committed: true })).toMatchObject({
      result: 'pass',
      text: 'Nothing changed since its spawn',
    })
    write('a')
    const text =
      'Since its spawn: 1 file (a) not committed; by it or by other-2345 in the same directory, nobody can tell'
    expect(await checkOf()).toEqual({ name: 'changes', result: 'pass', text })
    expect(await checkOf({ committed: true })).toMatchObject({ result: 'fail', text })
  })

  it('fails while a merge left files in conflict', async () => {
    await git(directory, 'checkout', '--quiet', '-b', 'other')
    writeFileSync(join(directory, 'a'), 'theirs\n')
    await git(directory, 'commit', '--quiet', '--all', '--message', 'Theirs')
    await git(directory, 'checkout', '--quiet', 'main')
    writeFileSync(join(directory, 'a'), 'ours\n')
    await git(directory, 'commit', '--quiet', '--all', '--message', 'Ours')
    await git(directory, 'merge', 'other').catch(() => '')
    expect(await checkOf()).toMatchObject({ result: 'fail', text: 'A merge left 1 file (a) in conflict' })
  })

  it('skips a directory outside git, and fails for one that is gone', () => {
    const record = { id: 'fix-it-2345', directory: join(directory, '..') }
    expect(changesCheck(record, null, {})).toMatchObject({ result: 'skip' })
    expect(changesCheck(record, null, { committed: true })).toMatchObject({ result: 'fail' })
    const gone = { ...record, directory: join(directory, 'gone') }
    expect(changesCheck(gone, null, {})).toMatchObject({ result: 'fail', text: expect.stringContaining('not there') })
  })
})
