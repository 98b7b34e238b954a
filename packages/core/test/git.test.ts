import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { git, gitRepository } from '../../../tests/harness/git-repository.ts'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { readGitHead } from '../src/git.ts'

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
