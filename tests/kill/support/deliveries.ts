import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import type { CheckDocument } from '@orch/core'
import { git } from '../../harness/git-repository.ts'
import type { Place } from '../../stories/support/place.ts'
import type { Scenario } from './scenarios.ts'

/** How the work of an agent in a worktree is handed over, and by what it is found again afterwards. */
interface Delivery {
  way: 'merge' | 'patch' | 'pr'
  at: RegExp
  /** Whether what the agent wrote is left without a commit. */
  isLoose?: true
  /** Throws unless the work is there, whole. */
  find(place: Place, id: string, file: string): Promise<void>
}

const WAYS: readonly Delivery[] = [
  {
    way: 'merge',
    at: /^(delivery-won|merge-committed|work-delivered|complete-closed|worktree-saved)/,
    async find({ project }, _, file) {
      expect(await readFile(join(project, file), 'utf8')).toBe('work\n')
      expect(await git(project, 'status', '--porcelain', '--', file)).toBe('')
      expect(await git(project, 'log', '--format=%s', '--', file)).toBe(file)
    },
  },
  {
    way: 'patch',
    at: /^patch-drafted/,
    isLoose: true,
    async find({ project }, id, file) {
      const patch = join(project, '.orch', 'workspace', id, 'kept-by-orch', 'work.patch')
      expect(await git(project, 'apply', '--numstat', patch)).toBe(`1\t0\t${file}`)
    },
  },
  {
    way: 'pr',
    at: /^branch-pushed/,
    async find({ env }, id, file) {
      expect(await git(remoteOf(env), 'log', '-1', '--format=%s', `orch/${id}`)).toBe(file)
    },
  },
]

/** `complete` that merges, writes a patch, or pushes, killed at each step of that. */
export const DELIVERIES: readonly Scenario[] = WAYS.map(({ way, at, isLoose, find }): Scenario => {
  const ids = new Map<string, string>()
  const line = (id: string): string[] => ['complete', '--force', id, `--${way}`]
  return {
    name: `complete --${way}`,
    at,
    async prepareAll({ world: { place } }) {
      if (way !== 'pr') return ''
      await git(place.project, 'init', '--quiet', '--bare', remoteOf(place.env))
      await git(place.project, 'remote', 'add', 'origin', remoteOf(place.env))
      return ''
    },
    async prepare({ world: { place, agent }, ledger, name }) {
      ledger.spawns.push({ name, must: false })
      const id = await place.spawn('Task', '--name', name, '--worktree', ...agent)
      ids.set(name, id)
      const file = `${name}.txt`
      const { agent: made } = await place.json<CheckDocument>('check', id)
      await writeFile(join(made.directory, file), 'work\n')
      if (isLoose) return line(id)
      await git(made.directory, 'add', file)
      await git(made.directory, 'commit', '--quiet', '--message', file)
      return line(id)
    },
    async after({ world: { place }, ledger, name }) {
      const id = ids.get(name) as string
      expect(await place.orch(...line(id))).toMatchObject({ code: 0 })
      ledger.ended.push(id)
      await find(place, id, `${name}.txt`)
      await expect(access(join(place.project, '.orch', 'worktrees', id))).rejects.toThrow()
    },
  }
})

function remoteOf(env: Place['env']): string {
  return join(env.HOME as string, 'remote.git')
}
