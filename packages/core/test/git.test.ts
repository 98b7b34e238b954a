import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { git, gitRepository } from '../../../tests/harness/git-repository.ts'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { readGitHead, readGitInfo } from '../src/git.ts'

const scope = perTest()
let root: string

beforeEach(async () => {
  root = (await scope.use(temporaryFolder())).path
})

describe('readGitHead()', () => {
  it('is the commit and the branch', async () => {
    const main = await gitRepository(join(root, 'main'))
    expect(await readGitHead(main)).toEqual({ commit: await git(main, 'rev-parse', 'HEAD'), branch: 'main' })
    await git(main, 'checkout', '--quiet', '--detach')
    expect(await readGitHead(main)).toEqual({ commit: await git(main, 'rev-parse', 'HEAD'), branch: null })
  })

  it('takes one process where there is a commit, and two for any number who ask at once', async () => {
    const main = await gitRepository(join(root, 'main'))
    const calls = join(root, 'calls')
    const path = process.env.PATH
    const counting = `#!/bin/sh\necho call >> "${calls}"\nPATH="${path}" exec git "$@"\n`
    writeFileSync(join(root, 'git'), counting, { mode: 0o755 })
    process.env.PATH = `${root}:${path}`
    try {
      expect((await readGitHead(main)).branch).toBe('main')
      expect(readFileSync(calls, 'utf8')).toBe('call\n')
      const heads = await Promise.all(Array.from({ length: 20 }, () => readGitHead(main)))
      expect(new Set(heads.map(({ branch }) => branch))).toEqual(new Set(['main']))
      expect(readFileSync(calls, 'utf8')).toBe('call\n'.repeat(3))
    } finally {
      process.env.PATH = path
    }
  })

  it('has a branch and no commit before the first one', async () => {
    await git(root, 'init', '--quiet', '--initial-branch=new')
    expect(await readGitHead(root)).toEqual({ commit: null, branch: 'new' })
  })

  it('has neither outside git and where no directory is', async () => {
    const neither = { commit: null, branch: null }
    expect(await readGitHead(root)).toEqual(neither)
    expect(await readGitHead(join(root, 'gone'))).toEqual(neither)
  })

  it('is that of the directory, also inside a hook of another repository', async () => {
    const main = await gitRepository(join(root, 'main'))
    const other = await gitRepository(join(root, 'other'))
    await git(other, 'checkout', '--quiet', '-b', 'elsewhere')
    process.env.GIT_DIR = join(other, '.git')
    try {
      expect((await readGitHead(main)).branch).toBe('main')
    } finally {
      delete process.env.GIT_DIR
    }
  })

  it('rejects with the reason when it is aborted', async () => {
    await expect(readGitHead(root, AbortSignal.abort('enough'))).rejects.toBe('enough')
  })
})

describe('readGitInfo()', () => {
  it('is null outside git and where no directory is', async () => {
    expect(await readGitInfo(root, null)).toBeNull()
    expect(await readGitInfo(join(root, 'gone'), null)).toBeNull()
  })

  it('has the commits since the base, newest first, whatever their subjects hold', async () => {
    const main = await gitRepository(join(root, 'main'))
    const { commit: base } = await readGitHead(main)
    const subjects = ['tabs\tin it', 'quotes "and" \'such\'', 'naïve 修复']
    for (const subject of subjects)
      await git(main, 'commit', '--quiet', '--allow-empty', '--message', `${subject}\n\nBody\nof two lines`)
    const info = await readGitInfo(main, base)
    expect(info).toMatchObject({ base, head: await git(main, 'rev-parse', 'HEAD'), branch: 'main', dirty: [] })
    expect(info?.commits.map(({ subject }) => subject)).toEqual(subjects.toReversed())
    for (const commit of info?.commits ?? []) {
      expect(commit.hash).toMatch(/^[0-9a-f]{40}$/)
      expect(Number.isNaN(Date.parse(commit.at))).toBe(false)
    }
  })

  it('has no commits without a base, and with one that is not there any more', async () => {
    const main = await gitRepository(join(root, 'main'))
    expect(await readGitInfo(main, null)).toMatchObject({ base: null, commits: [] })
    expect(await readGitInfo(main, 'f'.repeat(40))).toMatchObject({ commits: [] })
  })

  it('looks into a repository without commits', async () => {
    await git(root, 'init', '--quiet', '--initial-branch=new')
    writeFileSync(join(root, 'a'), '')
    expect(await readGitInfo(root, null)).toEqual({
      base: null,
      head: null,
      branch: 'new',
      commits: [],
      dirty: ['a'],
      stat: null,
    })
  })

  it('has the changed paths as they are: spaces, newlines, quotes, renames', async () => {
    const names = ['with space', 'new\nline', '"quoted"', 'naïve', '-dash', ' R leading']
    const main = await gitRepository(join(root, 'main'), {
      ...Object.fromEntries(names.map((name) => [name, `old ${name}\n`])),
      'R100 old': 'the same content\n'.repeat(20),
      'copied from': 'other content\n'.repeat(20),
    })
    for (const name of names) appendFileSync(join(main, name), 'more')
    await git(main, 'mv', 'R100 old', 'renamed to')
    writeFileSync(join(main, 'untracked'), '')
    mkdirSync(join(main, 'folder'))
    writeFileSync(join(main, 'folder', 'inside'), '')
    const info = await readGitInfo(main, null)
    expect(info?.dirty.toSorted()).toEqual([...names, 'renamed to', 'untracked', 'folder/'].toSorted())
  })

  it('has the new path of a rename that only the work tree knows', async () => {
    const main = await gitRepository(join(root, 'main'), { old: 'the same content\n'.repeat(20), other: '' })
    renameSync(join(main, 'old'), join(main, 'new'))
    await git(main, 'add', '--intent-to-add', 'new')
    appendFileSync(join(main, 'other'), 'more')
    expect((await readGitInfo(main, null))?.dirty.toSorted()).toEqual(['new', 'other'])
  })

  it('rejects with the reason when it is aborted', async () => {
    await expect(readGitInfo(root, null, AbortSignal.abort('enough'))).rejects.toBe('enough')
  })
})
