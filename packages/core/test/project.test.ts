import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { git, gitRepository } from '../../../tests/harness/git-repository.ts'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { findProject } from '../src/project.ts'

const scope = perTest()
let root: string

beforeEach(async () => {
  root = (await scope.use(temporaryFolder())).path
})

describe('findProject() in git', () => {
  it('is the main checkout, from anywhere in it', async () => {
    const main = await gitRepository(join(root, 'main'), { 'deep/er/file': '' })
    expect(findProject(main)).toEqual({ project: main, directory: main })
    expect(findProject(join(main, 'deep/er'))).toEqual({ project: main, directory: join(main, 'deep/er') })
  })

  it('is the main checkout from a worktree, wherever that lies', async () => {
    const main = await gitRepository(join(root, 'main'), { 'deep/file': '' })
    const tree = join(root, 'elsewhere', 'tree')
    await git(main, 'worktree', 'add', '--quiet', tree)
    expect(findProject(tree)).toEqual({ project: main, directory: tree })
    expect(findProject(join(tree, 'deep'))).toEqual({ project: main, directory: join(tree, 'deep') })
  })

  it('is the main checkout from a worktree inside of it', async () => {
    const main = await gitRepository(join(root, 'main'))
    await git(main, 'worktree', 'add', '--quiet', join(main, '.trees', 'one'))
    expect(findProject(join(main, '.trees', 'one')).project).toBe(main)
  })

  it('is the submodule in a submodule, and in a worktree of one', async () => {
    const library = await gitRepository(join(root, 'library'))
    const main = await gitRepository(join(root, 'main'))
    await git(main, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'sub')
    const sub = join(main, 'sub')
    expect(findProject(sub)).toEqual({ project: sub, directory: sub })
    await git(sub, 'worktree', 'add', '--quiet', join(root, 'tree'))
    expect(findProject(join(root, 'tree')).project).toBe(join(root, 'tree'))
  })

  it('is the checkout whose git folder lies elsewhere', async () => {
    const main = join(root, 'main')
    mkdirSync(main)
    await git(main, 'init', '--quiet', `--separate-git-dir=${join(root, 'store')}`)
    expect(findProject(main).project).toBe(main)
  })

  it('is the worktree of a bare repository', async () => {
    const main = await gitRepository(join(root, 'main'))
    const bare = join(root, 'bare.git')
    await git(root, 'clone', '--quiet', '--bare', main, bare)
    await git(bare, 'worktree', 'add', '--quiet', join(root, 'tree'))
    expect(findProject(join(root, 'tree')).project).toBe(join(root, 'tree'))
  })

  it('is the worktree when its main checkout is gone', async () => {
    const main = await gitRepository(join(root, 'main'))
    const tree = join(root, 'tree')
    await git(main, 'worktree', 'add', '--quiet', tree)
    rmSync(main, { recursive: true })
    expect(findProject(tree)).toEqual({ project: tree, directory: tree })
  })

  it('has no symbolic links in it', async () => {
    const main = await gitRepository(join(root, 'main'), { 'deep/file': '' })
    symlinkSync(join(main, 'deep'), join(root, 'link'))
    expect(findProject(join(root, 'link'))).toEqual({ project: main, directory: join(main, 'deep') })
  })

  it.each([
    ['garbage', '\0\xff garbage'],
    ['empty', ''],
    ['a pointer to nothing', 'gitdir: /nowhere/at/all\n'],
    ['a pointer to itself', 'gitdir: .git\n'],
  ])('is the folder whose .git file is %s', (_, text) => {
    writeFileSync(join(root, '.git'), text)
    mkdirSync(join(root, 'below'))
    expect(findProject(join(root, 'below'))).toEqual({ project: root, directory: join(root, 'below') })
  })

  it('is the checkout, not a folder below it with an .orch of its own', async () => {
    const main = await gitRepository(join(root, 'main'))
    mkdirSync(join(main, 'below', '.orch'), { recursive: true })
    expect(findProject(join(main, 'below')).project).toBe(main)
  })

  it('is the inner one of two nested repositories', async () => {
    const outer = await gitRepository(join(root, 'outer'))
    const inner = await gitRepository(join(outer, 'inner'))
    expect(findProject(inner).project).toBe(inner)
  })
})

describe('findProject() outside git', () => {
  it('is the folder itself', () => {
    mkdirSync(join(root, 'a/b'), { recursive: true })
    expect(findProject(join(root, 'a/b'))).toEqual({ project: join(root, 'a/b'), directory: join(root, 'a/b') })
  })

  it('is the nearest folder above with an .orch', () => {
    mkdirSync(join(root, '.orch'))
    mkdirSync(join(root, 'a/.orch'), { recursive: true })
    mkdirSync(join(root, 'a/b/c'), { recursive: true })
    mkdirSync(join(root, 'd'))
    expect(findProject(join(root, 'a/b/c')).project).toBe(join(root, 'a'))
    expect(findProject(join(root, 'd')).project).toBe(root)
  })

  it('takes a file named .orch for no project', () => {
    writeFileSync(join(root, '.orch'), '')
    mkdirSync(join(root, 'a'))
    expect(findProject(join(root, 'a')).project).toBe(join(root, 'a'))
  })
})

describe('findProject() refuses', () => {
  it.each([
    ['a directory that is gone', 'gone'],
    ['a file', 'file'],
    ['a link to nothing', 'broken'],
    ['a link to itself', 'loop'],
  ])('%s', (_, name) => {
    writeFileSync(join(root, 'file'), '')
    symlinkSync(join(root, 'nowhere'), join(root, 'broken'))
    symlinkSync(join(root, 'loop'), join(root, 'loop'))
    expect(() => findProject(join(root, name))).toThrow(
      expect.objectContaining({
        code: 'PROJECT_NOT_FOUND',
        message: expect.stringContaining(join(root, name)),
        hint: expect.any(String),
      }),
    )
  })
})
