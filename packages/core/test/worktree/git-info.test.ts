import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { git, gitRepository } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { readGitInfo } from '../../src/worktree/git-info.ts'
import { laterThan } from '../harness/later-than.ts'

const scope = perTest()
let root: string

beforeEach(async () => {
  root = (await scope.use(temporaryFolder())).path
})

/** An agent that was spawned long ago. */
const agent = (directory: string, base: string | null): Parameters<typeof readGitInfo>[0] => ({
  directory,
  base,
  spawnedAt: new Date(0).toISOString(),
})

describe('readGitInfo()', () => {
  it('is null outside git and where no directory is', async () => {
    expect(await readGitInfo(agent(root, null))).toBeNull()
    expect(await readGitInfo(agent(join(root, 'gone'), null))).toBeNull()
  })

  it('has the commits since the base, newest first, whatever their subjects hold', async () => {
    const main = await gitRepository(join(root, 'main'))
    const base = await git(main, 'rev-parse', 'HEAD')
    const subjects = ['tabs\tin it', 'quotes "and" \'such\'', 'naïve 修复']
    for (const subject of subjects)
      await git(main, 'commit', '--quiet', '--allow-empty', '--message', `${subject}\n\nBody\nof two lines`)
    const info = await readGitInfo(agent(main, base))
    expect(info).toMatchObject({ base, head: await git(main, 'rev-parse', 'HEAD'), branch: 'main', dirty: [] })
    expect(info?.commits.map(({ subject }) => subject)).toEqual(subjects.toReversed())
    expect(await readGitInfo(agent(main, 'f'.repeat(40)))).toMatchObject({ commits: [], stat: null })
  })

  it('looks into a repository without commits', async () => {
    await git(root, 'init', '--quiet', '--initial-branch=new')
    writeFileSync(join(root, 'a'), '')
    const nothing = { base: null, head: null, branch: 'new', commits: [], dirtyBefore: 0, stat: null }
    expect(await readGitInfo(agent(root, null))).toEqual({ ...nothing, dirty: ['a'] })
  })

  it('has the changed paths as they are: spaces, newlines, quotes', async () => {
    const names = ['with space', 'new\nline', '"quoted"', 'naïve', '-dash', ' R leading']
    const main = await gitRepository(join(root, 'main'), Object.fromEntries(names.map((name) => [name, 'old\n'])))
    for (const name of names) appendFileSync(join(main, name), 'more')
    mkdirSync(join(main, 'folder'))
    writeFileSync(join(main, 'folder', 'inside'), '')
    expect((await readGitInfo(agent(main, null)))?.dirty.toSorted()).toEqual([...names, 'folder/inside'].toSorted())
  })

  it('leaves out what was dirty before the spawn, unless it was touched or committed since', async () => {
    const odd = ':(top) *"\n'
    const files = Object.fromEntries([odd, 'touched', 'committed', 'deleted'].map((name) => [name, 'old\n']))
    const main = await gitRepository(join(root, 'main'), files)
    for (const name of [odd, 'touched', 'committed']) appendFileSync(join(main, name), 'before\n')
    rmSync(join(main, 'deleted'))
    const record = { directory: main, base: await git(main, 'rev-parse', 'HEAD'), spawnedAt: await laterThan(main) }
    expect(await readGitInfo(record)).toMatchObject({
      dirty: [],
      dirtyBefore: 4,
      stat: { files: 0, insertions: 0, deletions: 0 },
    })
    appendFileSync(join(main, 'touched'), 'since\n')
    await git(main, 'commit', '--quiet', '--message', 'Work', 'committed')
    expect(await readGitInfo(record)).toMatchObject({
      dirty: ['touched'],
      dirtyBefore: 2,
      stat: { files: 2, insertions: 3, deletions: 0 },
    })
  })

  it('is null for a worktree that is none any more, though it lies in another checkout', async () => {
    const main = await gitRepository(join(root, 'main'))
    const path = join(main, 'tree')
    const base = await git(main, 'rev-parse', 'HEAD')
    await git(main, 'worktree', 'add', '--quiet', path, '-b', 'side')
    const worktree = { path, branch: 'side', base, readyAt: new Date(0).toISOString() }
    expect(await readGitInfo({ ...agent(path, base), worktree })).toMatchObject({ branch: 'side' })
    rmSync(join(path, '.git'))
    expect(await readGitInfo({ ...agent(path, base), worktree })).toBeNull()
  })

  it('rejects with the reason when it is aborted', async () => {
    await expect(readGitInfo(agent(root, null), AbortSignal.abort('enough'))).rejects.toBe('enough')
  })
})
