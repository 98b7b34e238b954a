import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { CheckDocument, CompleteDocument, SpawnDocument, StatusDocument } from '@orch/core'
import { git } from '../harness/git-repository.ts'
import { perTest } from '../harness/scope.ts'
import { type Place, tmuxPlace } from '../stories/support/place.ts'
import { interactiveAgent } from '../stories/support/program.ts'
import { liveOn, liveOneDay } from './support/life.ts'

const scope = perTest()

/** Without a repository, or with one that nobody can read, the folder itself is the project. */
const damages: [string, (project: string) => Promise<unknown>][] = [
  ['no repository', async () => {}],
  ['an empty .git folder', (project) => mkdir(join(project, '.git'))],
  ['a .git file of garbage', (project) => writeFile(join(project, '.git'), '\0garbage')],
  ['a .git file that points nowhere', (project) => writeFile(join(project, '.git'), 'gitdir: /nowhere/at/all\n')],
  ['a .git link that points nowhere', (project) => symlink('/nowhere', join(project, '.git'))],
  ['a bare repository', (project) => git(project, 'init', '--quiet', '--bare')],
  ['a repository without a commit', (project) => git(project, 'init', '--quiet')],
]

describe('a folder with', () => {
  it.each(damages)('%s is a project of its own, for a whole day', async (_, damage) => {
    const place = await scope.use(tmuxPlace())
    await rm(join(place.project, '.git'), { recursive: true })
    await damage(place.project)
    const { agent } = await place.json<SpawnDocument>('spawn', 'Task', ...interactiveAgent)
    expect(agent).toMatchObject({ project: place.project, directory: place.project })
    expect(await place.json('status')).toMatchObject({ project: place.project, agents: [{ id: agent.id }] })
    await liveOn(place, agent.id)
  })
})

describe('without the git program', () => {
  it('a day goes by, and nothing is said of commits', async () => {
    const place = await scope.use(tmuxPlace())
    const bin = join(place.env.HOME as string, 'bin')
    await mkdir(bin)
    for (const name of ['node', 'tmux', 'sh', 'sleep']) await symlink(await which(place, name), join(bin, name))
    place.env.PATH = bin
    const { agent } = await place.json<SpawnDocument>('spawn', 'Task', ...interactiveAgent)
    expect(agent).toMatchObject({ project: place.project, branch: null })
    expect((await place.json<CheckDocument>('check', agent.id)).git).toBeNull()
    await liveOneDay(place)
  })
})

describe('a git worktree', () => {
  it('belongs to its main checkout: agents are seen from both, and work where they were spawned', async () => {
    const place = await scope.use(tmuxPlace())
    const tree = join(dirname(place.project), 'tree')
    await git(place.project, 'worktree', 'add', '--quiet', '-b', 'side', tree)
    const spawned = await place.orchWith({ cwd: tree }, '--json', 'spawn', 'Task', ...interactiveAgent)
    const { agent } = spawned.json as SpawnDocument
    expect(agent).toMatchObject({ project: place.project, directory: tree, branch: 'side' })
    expect(agent.workspace.startsWith(join(place.project, '.orch'))).toBe(true)
    for (const cwd of [tree, place.project]) {
      const run = await place.orchWith({ cwd }, '--json', 'status')
      const { project, agents } = run.json as StatusDocument
      expect([project, agents.map(({ id }) => id)]).toEqual([place.project, [agent.id]])
    }
    await liveOn(place, agent.id)
  })

  it('that is removed while its agent lives leaves that to be seen and ended', async () => {
    const place = await scope.use(tmuxPlace())
    const tree = join(dirname(place.project), 'tree')
    await git(place.project, 'worktree', 'add', '--quiet', '-b', 'side', tree)
    const spawned = await place.orchWith({ cwd: tree }, 'spawn', 'Task', ...interactiveAgent)
    const id = spawned.stdout.trim()
    await rm(tree, { recursive: true })
    expect(await place.json('check', id)).toMatchObject({ code: 0, agent: { state: 'running' }, git: null })
    const { results } = await place.json<CompleteDocument>('complete', id, '--dry-run')
    expect(results[0]?.checks).toContainEqual(expect.objectContaining({ name: 'changes', result: 'fail' }))
    await mkdir(tree)
    await liveOn(place, id)
  })
})

async function which(place: Place, name: string): Promise<string> {
  if (name === 'node') return process.execPath
  const { access } = await import('node:fs/promises')
  for (const folder of (place.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name)
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return file
  }
  throw new Error(`Cannot find "${name}": it is not on PATH`)
}
