import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { git } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Backend } from '../../src/backend.ts'
import { clean } from '../../src/clean/clean.ts'
import type { CompleteResult } from '../../src/documents.ts'
import { OrchError } from '../../src/errors.ts'
import { send } from '../../src/messages/send.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import type { CompleteOptions } from '../../src/orchestrator/options.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { currentOwner } from '../../src/process-owner.ts'
import { recoverAll } from '../../src/recovery/recover-all.ts'
import type { AgentRecord, Delivering, StoredRecord, WorktreeRecord } from '../../src/registry/record.ts'
import type { Registry } from '../../src/registry/registry.ts'
import { planDelivery } from '../../src/worktree/plan-delivery.ts'
import { branchesOf, commitAll, isGone, type WorktreeWorld, worktreeWorld } from './world.ts'

const scope = perTest()
const DEAD = { ...currentOwner(), startTime: 'dead' }
let world: WorktreeWorld
let record: AgentRecord & { worktree: WorktreeRecord }
let path: string
let branch: string

beforeEach(async () => {
  world = await worktreeWorld(scope)
  record = await world.agent('Add a file')
  path = record.worktree.path
  branch = record.worktree.branch
  world.put(record.workspace, 'WORKSPACE.md', 'Phase: Complete\n')
})

/** Completes the agent and resolves to what became of it, and the warnings. */
async function finish(
  deliver: CompleteOptions['deliver'],
  options: CompleteOptions = {},
): Promise<CompleteResult & { warnings: unknown[] }> {
  const { results, warnings } = await complete(await world.open(), [record.id], { deliver, ...options })
  return { ...(results[0] as CompleteResult), warnings: [...warnings] }
}

describe('complete({ deliver: "merge" })', () => {
  it('refuses while the project is moved away, says so, and goes on once it is back', async () => {
    const orch = await world.open()
    const merge = async (options: CompleteOptions = {}): Promise<CompleteResult | undefined> =>
      (await complete(orch, [record.id], { deliver: 'merge', ...options })).results[0]
    renameSync(record.project, `${record.project}2`)
    const error = { code: 'PROJECT_NOT_FOUND', hint: `Move it back, or run "orch abandon ${record.id}"` }
    expect(await merge()).toMatchObject({ ok: false, error })
    expect(await merge({ force: true })).toMatchObject({ ok: false, error })
    renameSync(`${record.project}2`, record.project)
    expect(await merge({ dryRun: true })).toMatchObject({ ok: true, error: null })
  })

  it('goes forward to the branch, ends the agent and takes worktree and branch away', async () => {
    world.put(path, 'a.txt', 'a')
    const commit = await commitAll(path, 'Work')
    expect(await finish('merge')).toMatchObject({
      ok: true,
      lifecycle: 'completed',
      delivered: { how: 'merge', head: commit, text: `Merged 1 commit into "main" (${commit.slice(0, 8)})` },
      warnings: [],
    })
    expect(await git(world.project, 'rev-parse', 'HEAD')).toBe(commit)
    expect(readFileSync(join(world.project, 'a.txt'), 'utf8')).toBe('a')
    expect(await isGone(world.project, record.worktree)).toBe(true)
    expect(await branchesOf(world.project)).toEqual(['main'])
  })

  it('merges, whatever the project has set for its branch', async () => {
    world.put(path, 'a.txt', 'a')
    const commit = await commitAll(path, 'Work')
    await git(world.project, 'config', 'branch.main.mergeOptions', '--squash')
    expect(await finish('merge')).toMatchObject({ ok: true })
    expect(await git(world.project, 'rev-parse', 'refs/heads/main')).toBe(commit)
    expect(await git(world.project, 'status', '--porcelain')).toBe('')
  })

  it('makes a merge commit where both went on, and leaves what the main checkout has changed elsewhere as it is', async () => {
    world.put(path, 'README.md', 'ONE\ntwo\nthree\n')
    const theirs = await commitAll(path, 'Work')
    world.put(world.project, 'other.txt', 'x')
    const ours = await commitAll(world.project, 'Other')
    world.put(world.project, 'other.txt', 'changed')
    world.put(world.project, 'new.txt', 'new')
    mkdirSync(join(world.project, '.git', 'hooks'), { recursive: true })
    writeFileSync(join(world.project, '.git', 'hooks', 'commit-msg'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    const seen = await finish('merge')
    expect(seen).toMatchObject({ ok: true, delivered: { how: 'merge' } })
    expect(seen.checks.find(({ name }) => name === 'delivery')?.text).toBe(
      '1 commit can be merged into "main" by a merge commit, for which orch does not run "commit-msg"',
    )
    expect(await git(world.project, 'log', '-1', '--format=%P%n%s%n%b')).toBe(
      `${ours} ${theirs}\nMerge branch '${branch}'\nAdd a file`,
    )
    expect(await git(world.project, 'status', '--porcelain')).toBe('M other.txt\n?? new.txt')
  })

  it.each<readonly [string, (files: WorktreeWorld) => Promise<unknown>, string]>([
    [
      'it conflicts with what came to the branch meanwhile',
      async ({ project, put }) => {
        put(project, 'README.md', 'one\nours\nthree\n')
        await commitAll(project, 'Ours')
      },
      'conflicts with the main checkout in "README.md"',
    ],
    [
      'the main checkout has changes in a file of it',
      async ({ project, put }) => put(project, 'README.md', 'mine\n'),
      'has changes of its own in "README.md"',
    ],
    [
      'the main checkout has a file that is not committed in its place',
      async ({ project, put }) => put(project, 'a.txt', 'mine\n'),
      'has changes of its own in "a.txt"',
    ],
    [
      'the main checkout stands on no branch',
      ({ project }) => git(project, 'checkout', '--quiet', '--detach'),
      'stands on no branch',
    ],
  ])('changes nothing, not even by force, when %s', async (_, disturb, text) => {
    world.put(path, 'README.md', 'one\ntheirs\nthree\n')
    world.put(path, 'a.txt', 'a')
    const commit = await commitAll(path, 'Work')
    await disturb(world)
    const before = await snapshot()
    const seen = await finish('merge')
    expect(seen).toMatchObject({ ok: false, delivered: null, stop: null, lifecycle: 'active' })
    expect(seen.checks).toContainEqual(expect.objectContaining({ name: 'delivery', result: 'fail' }))
    expect(seen.checks.at(-1)?.text).toContain(text)
    expect(await finish('merge', { force: true })).toMatchObject({ ok: false, error: { code: 'MERGE_REFUSED' } })
    expect(await snapshot()).toEqual(before)
    expect(await git(path, 'rev-parse', 'HEAD')).toBe(commit)
    expect((await world.record(record.id)).ending).toBeUndefined()
  })

  it('never writes over a file that the main checkout ignores', async () => {
    world.put(path, 'kept.log', 'theirs')
    await git(path, 'add', '--force', 'kept.log')
    await git(path, 'commit', '--quiet', '--message', 'Log')
    world.put(world.project, 'kept.log', 'mine')
    expect(await finish('merge')).toMatchObject({
      ok: false,
      error: { code: 'MERGE_REFUSED', message: expect.stringContaining('kept.log') },
    })
    expect(readFileSync(join(world.project, 'kept.log'), 'utf8')).toBe('mine')
  })

  it('is refused while something is not committed, or another branch is checked out there', async () => {
    world.put(path, 'a.txt', 'a')
    const seen = await finish('merge')
    expect(seen.checks.at(-1)).toEqual({
      name: 'delivery',
      result: 'fail',
      text: `Not committed is "a.txt" in "${path}"`,
      hint: `orch send ${record.id} "Commit your work"`,
    })
    expect(await finish('merge', { force: true })).toMatchObject({ error: { code: 'MERGE_REFUSED' } })
    await git(path, 'checkout', '--quiet', '-b', 'elsewhere')
    await commitAll(path, 'Work')
    expect((await finish('merge')).checks.at(-1)?.text).toContain('does not stand on the branch')
    expect(existsSync(join(path, 'a.txt'))).toBe(true)
  })

  it('merges two at once, one after the other', async () => {
    const other = await world.agent('Add another')
    world.put(other.workspace, 'WORKSPACE.md', 'Phase: Complete\n')
    for (const [folder, name] of [
      [path, 'a.txt'],
      [other.worktree.path, 'b.txt'],
    ] as const) {
      world.put(folder, name, name)
      await commitAll(folder, name)
    }
    const { results } = await complete(await world.open(), [record.id, other.id], { deliver: 'merge' })
    expect(results.map(({ ok, error }) => ({ ok, error }))).toEqual([
      { ok: true, error: null },
      { ok: true, error: null },
    ])
    expect(await git(world.project, 'ls-files')).toBe('.gitignore\nREADME.md\na.txt\nb.txt')
    expect(await git(world.project, 'status', '--porcelain')).toBe('')
  })

  it('is fine with being run again by whoever was killed after it, before and after the end of the agent', async () => {
    world.put(path, 'a.txt', 'a')
    const commit = await commitAll(path, 'Work')
    const orch = await world.open()
    const stored = (await orch.registry.get(record.id)) as StoredRecord
    const plan = await planDelivery(orch, stored.record, 'merge', undefined)
    const { record: then, revision } = (await plan.deliver(stored)) as StoredRecord
    const delivered = then.worktree?.delivered
    const delivering = { ...(then.delivering as Delivering), owner: DEAD }
    await orch.registry.append(record.id, revision, { type: 'killed', set: { delivering } })
    expect(delivered).toMatchObject({ how: 'merge', head: commit, text: expect.stringMatching(/^Merged 1 commit/) })
    await git(world.project, 'worktree', 'lock', path)
    expect(await finish('merge')).toMatchObject({ ok: true, delivered, warnings: [{ code: 'LOCKED' }] })
    await git(world.project, 'worktree', 'unlock', path)
    expect(await finish('merge', { dryRun: true })).toMatchObject({ ok: true, delivered })
    expect(existsSync(path)).toBe(true)
    expect(await finish(undefined)).toMatchObject({ ok: true, delivered, warnings: [] })
    expect(await isGone(world.project, record.worktree)).toBe(true)
    expect(await git(world.project, 'rev-parse', 'HEAD')).toBe(commit)
  })

  it('names the ignored files that went with the worktree, but for those that the set-up put there', async () => {
    world.put(world.project, 'node_modules/x', 'x')
    world.configure({ link: ['node_modules'], setup: ['touch', 'made.log'] })
    const other = await world.agent('Another')
    world.put(other.workspace, 'WORKSPACE.md', 'Phase: Complete\n')
    world.put(other.worktree.path, 'kept.log', 'mine')
    const { results, warnings } = await complete(await world.open(), [other.id], { deliver: 'merge' })
    expect(results).toMatchObject([{ ok: true }])
    const text = `With the worktree of "${other.id}" went what git ignores: "kept.log"`
    expect(warnings).toEqual([{ code: 'IGNORED_FILES', text }])
  })

  it('only looks in a dry run', async () => {
    world.put(path, 'a.txt', 'a')
    await commitAll(path, 'Work')
    const before = await snapshot()
    const seen = await finish('merge', { dryRun: true })
    expect(seen.checks.at(-1)).toMatchObject({ result: 'pass', text: '1 commit can be merged into "main"' })
    expect(await snapshot()).toEqual(before)
  })
})

describe('complete({ deliver: "merge" }) beside others', () => {
  let commit: string

  beforeEach(async () => {
    world.put(path, 'a.txt', 'a')
    commit = await commitAll(path, 'Work')
  })

  const isMerged = async (): Promise<boolean> => (await git(world.project, 'rev-parse', 'HEAD')) === commit

  /** Opens orch so that `act` is done once, after everything was verified and before anything is handed over. */
  const actingLate = (act: () => Promise<unknown>): Promise<Orch> => {
    let acted = false
    const read: (backend: Backend) => Backend['read'] = (backend) => async (ref, query, signal) => {
      if (!acted) await act()
      acted = true
      return backend.read(ref, query, signal)
    }
    return world.open({ wrap: (backend) => ({ ...backend, read: read(backend) }) })
  }

  /** Runs `work` while git stands in the middle of the merge; it goes on after that. */
  async function inTheMerge<T>(work: () => Promise<T>): Promise<[CompleteResult, T]> {
    const [begun, go] = [join(world.folder, 'begun'), join(world.folder, 'go')]
    const script = `#!/bin/sh\n: >'${begun}'\nwhile [ ! -e '${go}' ]; do sleep 0.02; done\n`
    mkdirSync(join(world.project, '.git', 'hooks'), { recursive: true })
    writeFileSync(join(world.project, '.git', 'hooks', 'post-merge'), script, { mode: 0o755 })
    const running = finish('merge')
    try {
      await eventually(() => existsSync(begun))
      const seen = await work()
      writeFileSync(go, '')
      return [await running, seen]
    } finally {
      writeFileSync(go, '')
    }
  }

  it('merges nothing when a message came after it was verified', async () => {
    const by = await actingLate(async () => send(await world.open(), record.id, '[[hang: a]]'))
    const { results } = await complete(by, [record.id], { deliver: 'merge' })
    expect(results).toMatchObject([{ ok: false, stop: null, delivered: null, lifecycle: 'active' }])
    expect(results[0]?.checks).toContainEqual(expect.objectContaining({ name: 'turn', result: 'fail' }))
    expect(await isMerged()).toBe(false)
    expect((await world.record(record.id)).delivering).toBeUndefined()
  })

  it('merges nothing when it was abandoned after it was verified, and says so', async () => {
    const by = await actingLate(async () => abandon(await world.open(), [record.id]))
    const { results } = await complete(by, [record.id], { deliver: 'merge', force: true })
    expect(results).toMatchObject([{ ok: false, stop: null, delivered: null, lifecycle: 'abandoned' }])
    expect(await isMerged()).toBe(false)
  })

  it('merges no commit that came after it was verified, not even by force', async () => {
    const by = await actingLate(async () => {
      world.put(path, 'b.txt', 'b')
      await commitAll(path, 'Late')
    })
    const { results } = await complete(by, [record.id], { deliver: 'merge', force: true })
    expect(results).toMatchObject([{ ok: false, error: { code: 'BUSY', retryable: true } }])
    expect(await git(world.project, 'ls-files')).toBe('.gitignore\nREADME.md')
    expect(await world.record(record.id)).toMatchObject({ lifecycle: 'active', delivering: null })
    expect(await finish('merge')).toMatchObject({
      ok: true,
      delivered: { text: expect.stringMatching(/^Merged 2 commits/) },
    })
  })

  it('says which branch has a commit that came as the agent ended; removing its record says it, too', async () => {
    const late = async (backend: Backend, ...args: Parameters<Backend['stop']>): ReturnType<Backend['stop']> => {
      await commitAll(path, 'Late', '--allow-empty')
      await git(path, 'checkout', '--quiet', '-b', 'later', commit)
      await commitAll(path, 'Later', '--allow-empty')
      return backend.stop(...args)
    }
    const by = await world.open({ wrap: (one) => ({ ...one, stop: (...args) => late(one, ...args) }) })
    const { results, warnings } = await complete(by, [record.id], { deliver: 'merge' })
    expect(results).toMatchObject([{ ok: true, delivered: { head: commit } }])
    expect(warnings).toEqual([
      { code: 'NOT_DELIVERED', text: `1 commit of "${record.id}" came after it was verified, on "${branch}"` },
      { code: 'NOT_DELIVERED', text: `1 commit of "${record.id}" came after it was verified, on "later"` },
    ])
    const cleaned = await clean(await world.open(), { records: true, dryRun: true })
    expect(cleaned.results[0]?.parts.at(-1)?.text).toContain(`the branch "${branch}" stays`)
  })

  it('says what was merged when the disk is full after that; the same command ends it', async () => {
    const orch = await world.open()
    const full = async (...args: Parameters<Registry['append']>): Promise<StoredRecord> => {
      if (args[2].type === 'delivered') throw new OrchError('DISK', 'Cannot write the record')
      return orch.registry.append(...args)
    }
    const by = { ...orch, registry: { ...orch.registry, append: full } }
    expect((await complete(by, [record.id], { deliver: 'merge' })).results).toMatchObject([
      { ok: false, error: { code: 'DISK', outcome: 'partial', message: expect.stringContaining('Merged 1 commit') } },
    ])
    expect(await isMerged()).toBe(true)
    expect(await finish('merge')).toMatchObject({ ok: true, delivered: { how: 'merge', head: commit } })
  })

  it('refuses to abandon, and to send, while it merges; the same command again waits for the end of it', async () => {
    const [done, seen] = await inTheMerge(async () => {
      const orch = await world.open()
      const again = complete(await world.open(), [record.id])
      const sent = await send(orch, record.id, 'More')
      return { sent, again, abandoned: await abandon(orch, [record.id]) }
    })
    expect(seen.abandoned.results).toMatchObject([{ ok: false, stop: null, error: { code: 'BUSY', retryable: true } }])
    expect(seen.sent.receipt).toMatchObject({ delivery: 'refused', reason: { code: 'ENDING' } })
    expect(done).toMatchObject({ ok: true, lifecycle: 'completed', delivered: { how: 'merge', head: commit } })
    expect((await seen.again).results).toMatchObject([{ ok: true, lifecycle: 'completed', stop: null }])
    expect(await world.record(record.id)).toMatchObject({ lifecycle: 'completed', delivering: null })
  })

  it('says what was merged when the agent could not be ended after that, and lets others end it', async () => {
    const by = await world.open({ wrap: (one) => ({ ...one, stop: () => Promise.reject(new Error('mute')) }) })
    const { results } = await complete(by, [record.id], { deliver: 'merge' })
    expect(results).toMatchObject([
      { ok: false, delivered: { how: 'merge', head: commit }, error: { agent: record.id } },
    ])
    expect(await world.record(record.id)).toMatchObject({ delivering: null, ending: 'completed' })
    expect(await finish(undefined)).toMatchObject({ ok: true, delivered: { how: 'merge', head: commit } })
  })

  it('is named by recover when its process died, and by abandon; the same command ends it', async () => {
    const orch = await world.open()
    const { revision } = (await orch.registry.get(record.id)) as StoredRecord
    const delivering = { uid: 'x', owner: DEAD, how: 'merge', at: new Date().toISOString() } as const
    await orch.registry.append(record.id, revision, { type: 'delivering', set: { delivering } })
    expect((await recoverAll(orch)).findings).toMatchObject([
      { kind: 'ending', id: record.id, next: `orch complete ${record.id} --merge` },
    ])
    const other = await world.agent('Another')
    const stored = (await orch.registry.get(other.id)) as StoredRecord
    await orch.registry.append(other.id, stored.revision, { type: 'delivering', set: { delivering } })
    expect(await abandon(orch, [other.id])).toMatchObject({
      results: [{ ok: true }],
      warnings: [{ code: 'HANDED_OVER' }],
    })
    expect(await finish(undefined)).toMatchObject({ ok: true, delivered: { how: 'merge', head: commit } })
    expect(await isMerged()).toBe(true)
    expect((await recoverAll(orch)).findings).toEqual([])
  })
})

describe('complete() of other ways', () => {
  it('keeps the worktree and its branch when nothing is said', async () => {
    world.put(path, 'a.txt', 'a')
    expect(await finish(undefined)).toMatchObject({
      ok: true,
      delivered: { how: 'keep', text: expect.stringContaining(`branch "${branch}" in "${path}", 1 file of it not`) },
    })
    expect(existsSync(join(path, 'a.txt'))).toBe(true)
  })

  it.each<readonly [string, () => Promise<unknown>, string, boolean]>([
    ['the branch it went to', () => git(path, 'checkout', '--quiet', '-b', 'mine'), 'on the branch "mine"', true],
    ['a commit of no branch', () => git(path, 'checkout', '--quiet', '--detach'), 'which is on no branch', false],
  ])('says that its newest work stays on %s', async (_, leave, text, ok) => {
    world.put(path, 'a.txt', 'a')
    await commitAll(path, 'Work')
    await leave()
    expect((await finish('keep', { dryRun: true })).checks.at(-1)?.text).toContain(`stay on the branch "${branch}"; `)
    const newest = await commitAll(path, 'More', '--allow-empty')
    const seen = await finish('keep', { dryRun: true })
    expect(seen).toMatchObject({ ok, checks: expect.arrayContaining([expect.objectContaining({ name: 'delivery' })]) })
    expect(seen.checks.at(-1)?.text).toContain(text)
    expect(seen.checks.at(-1)?.text).toContain(`"${branch}" has not 1 commit of it`)
    await git(world.project, 'branch', '--delete', '--force', branch)
    const forced = await finish(undefined, { force: true })
    expect(forced).toMatchObject({ ok: true, delivered: { head: newest } })
    expect(forced.delivered?.text).toContain(`there is no branch "${branch}" any more`)
  })

  it('does not say that a worktree stays which is gone', async () => {
    rmSync(path, { recursive: true })
    const seen = await finish('keep')
    expect(seen.checks.find(({ name }) => name === 'delivery')).toMatchObject({
      result: 'pass',
      text: `Its commits stay on the branch "${branch}"; the worktree "${path}" is not there any more`,
    })
    await git(world.project, 'worktree', 'prune')
    await git(world.project, 'branch', '--delete', '--force', branch)
    expect((await finish('keep')).checks.at(-1)).toMatchObject({ name: 'delivery', result: 'fail' })
  })

  it('writes a patch of commits and files that are not committed, keeps the branch and removes the worktree', async () => {
    world.put(path, 'a.txt', 'a\n')
    const commit = await commitAll(path, 'Work')
    world.put(path, 'README.md', 'one\n2\nthree\n')
    const place = join(record.workspace, 'kept-by-orch', 'work.patch')
    expect(await finish('patch')).toMatchObject({ ok: true, delivered: { how: 'patch', place, head: commit } })
    await git(world.project, 'apply', place)
    expect(readFileSync(join(world.project, 'README.md'), 'utf8')).toBe('one\n2\nthree\n')
    expect(readFileSync(join(world.project, 'a.txt'), 'utf8')).toBe('a\n')
    expect(await git(world.project, 'rev-parse', branch)).toBe(commit)
    expect(await isGone(world.project, record.worktree)).toBe(true)
  })

  it('is not done in another way once it is completed, and says so', async () => {
    world.put(path, 'a.txt', 'a')
    await commitAll(path, 'Work')
    expect(await finish('keep')).toMatchObject({ ok: true })
    for (const force of [false, true]) {
      const seen = await finish('merge', { force })
      expect(seen).toMatchObject({ ok: false, lifecycle: 'completed', delivered: { how: 'keep' }, error: null })
      expect(seen.checks).toEqual([
        {
          name: 'record',
          result: 'fail',
          text: 'It was completed before, and not with --merge',
          hint: `Merge it with "git -C ${world.project} merge ${branch}"`,
        },
      ])
    }
    expect(await finish('keep')).toMatchObject({ ok: true })
  })

  it.each(['patch', 'merge'] as const)(
    'hands over nothing (%s) of a folder that is no worktree any more',
    async (how) => {
      world.put(path, 'a.txt', 'a')
      rmSync(join(path, '.git'))
      world.put(world.project, 'mine.txt', 'of the main checkout')
      for (const force of [false, true]) {
        const seen = await finish(how, { force })
        expect(seen).toMatchObject({ ok: false, delivered: null })
        const said = seen.error?.message ?? seen.checks.find(({ result }) => result === 'fail')?.text
        expect(said).toContain(`"${path}" is no worktree any more`)
      }
      const kept = await finish('keep')
      expect(kept).toMatchObject({ ok: true, changes: null, delivered: { how: 'keep' } })
      expect(kept.delivered?.text).toContain('is no worktree any more')
      expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe('a')
    },
  )

  it('refuses to hand over what stands in no worktree of its own', async () => {
    const { orch, id } = await world.spawn('x')
    world.put(world.project, `.orch/workspace/${id}/WORKSPACE.md`, 'Phase: Complete\n')
    const { results } = await complete(orch, [id], { deliver: 'patch' })
    expect(results[0]?.checks.at(-1)).toMatchObject({ name: 'delivery', result: 'fail' })
    expect((await complete(orch, [id], { deliver: 'keep' })).results[0]).toMatchObject({ ok: true, delivered: null })
  })
})

describe('complete({ deliver: "pr" })', () => {
  let remote: string

  beforeEach(async () => {
    remote = join(world.folder, 'remote.git')
    await git(world.folder, 'init', '--quiet', '--bare', remote)
    world.put(path, 'a.txt', 'a')
    await commitAll(path, 'Work')
  })

  it('is refused without a remote', async () => {
    expect((await finish('pr')).checks.at(-1)?.text).toContain('has no remote')
  })

  it('pushes the branch and says what is left to do where there is no gh', async () => {
    await git(world.project, 'remote', 'add', 'origin', remote)
    expect(await withPath(['git'], () => finish('pr'))).toMatchObject({
      ok: true,
      delivered: { text: expect.stringContaining(`"gh pr create --head ${branch} --base main"`), place: null },
    })
    expect(await git(remote, 'rev-parse', branch)).toBe(await git(world.project, 'rev-parse', branch))
    expect(await isGone(world.project, record.worktree)).toBe(true)
  })

  it('opens a pull request with gh, once', async () => {
    await git(world.project, 'remote', 'add', 'origin', remote)
    const calls = join(world.folder, 'calls')
    const url = 'https://example.com/pull/7'
    const gh = `#!/bin/sh\nprintf '%s\\n' "$*" >>'${calls}'\ncase "$2" in view) cat '${calls}.open' 2>/dev/null ;; create) echo '${url}' | tee '${calls}.open' ;; esac\n`
    await withPath(['git', 'cat', 'tee'], () => finish('pr', { dryRun: true }), gh)
    expect(existsSync(calls)).toBe(false)
    const orch = await world.open()
    for (const _ of [1, 2]) {
      const stored = await orch.registry.get(record.id)
      const plan = await planDelivery(orch, stored?.record as AgentRecord, 'pr', undefined)
      await withPath(['git', 'cat', 'tee'], () => plan.deliver(stored as never), gh)
    }
    expect((await world.record(record.id)).worktree?.delivered).toMatchObject({ how: 'pr', place: url })
    const created = readFileSync(calls, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('pr create'))
    expect(created).toEqual([`pr create --head=${branch} --base=main --title=Add a file --body=Add a file`])
  })

  it('ends nothing when the push or gh is refused', async () => {
    await git(world.project, 'remote', 'add', 'origin', join(world.folder, 'nowhere'))
    expect(await finish('pr')).toMatchObject({ ok: false, error: { code: 'MERGE_REFUSED' }, stop: null })
    await git(world.project, 'remote', 'set-url', 'origin', remote)
    const gh = '#!/bin/sh\necho "not logged in" >&2; exit 4\n'
    expect(await withPath(['git'], () => finish('pr'), gh)).toMatchObject({
      ok: false,
      error: { code: 'MERGE_REFUSED', message: expect.stringContaining('not logged in'), outcome: 'partial' },
    })
    expect(existsSync(path)).toBe(true)
  })
})

/** Runs with these programs alone on PATH, and a `gh` of this text. */
async function withPath<T>(programs: readonly string[], run: () => Promise<T>, gh?: string): Promise<T> {
  const folder = join(world.folder, 'bin')
  mkdirSync(folder, { recursive: true })
  const before = process.env.PATH
  for (const name of programs)
    writeFileSync(join(folder, name), `#!/bin/sh\nPATH='${before}' exec ${name} "$@"\n`, { mode: 0o755 })
  if (gh !== undefined) writeFileSync(join(folder, 'gh'), gh, { mode: 0o755 })
  process.env.PATH = folder
  try {
    return await run()
  } finally {
    process.env.PATH = before
  }
}

/** Everything of the main checkout that a merge could touch. */
async function snapshot(): Promise<unknown> {
  const [head, state, files] = await Promise.all([
    git(world.project, 'rev-parse', 'HEAD'),
    git(world.project, 'status', '--porcelain=v2', '--branch'),
    git(world.project, 'diff', 'HEAD'),
  ])
  return { head, state, files }
}
