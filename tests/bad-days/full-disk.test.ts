import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Agent, StatusDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { git } from '../harness/git-repository.ts'
import { perTest } from '../harness/scope.ts'
import { type Place, tmuxPlace } from '../stories/support/place.ts'
import { errorOf } from './support/error-of.ts'
import { fullAfter } from './support/full-after.ts'
import { type SmallDisk, smallDisk } from './support/small-disk.ts'

/** Prints what it is told; writes nothing itself. */
const listener = ['--program', '--', '/bin/cat']
const TASK = 'x'.repeat(3000)
const LAST_LINE = 'the answer comes to you as a message'

const scope = perTest()
let disk: SmallDisk

beforeEach(async () => {
  disk = await scope.use(smallDisk())
})

describe('spawn on a disk that is full', () => {
  it.each([
    ['in the state folder', [], async () => tmuxPlace({ XDG_STATE_HOME: disk.path })],
    ['in the project', ['--worktree'], async () => tmuxPlace({}, `${disk.path}/project`)],
  ])(
    '%s after any of its effects makes one agent with its whole task, or none and says so',
    async (_, options, make) => {
      const place = await scope.use(make())
      await expectSpawns(place, options, (effects) => ({ filler: disk.filler, effects }))
    },
  )

  it('for all that it writes itself makes one agent with its whole task, or none and says so', async () => {
    const place = await scope.use(tmuxPlace())
    await place.json('abandon', await place.spawn('The one that starts the server', ...listener))
    await expectSpawns(place, [], (effects) => ({ size: 0, effects }))
  })
})

/** Spawns with less and less room until one comes to its end, and looks after each whether it told the truth. */
async function expectSpawns(
  place: Place,
  options: readonly string[],
  full: (effects: number) => Parameters<typeof fullAfter>[0],
): Promise<void> {
  const failed: string[] = []
  let survived = 0
  for (let effects = 0; survived < 2; effects++) {
    const args = ['--json', 'spawn', TASK, '--name', `after-${effects}-end`, ...options, ...listener]
    const run = await place.orchWith(fullAfter(full(effects)), ...args)
    disk.free()
    const { agents, ...status } = await place.json<StatusDocument>('status')
    expect({ effects, ...status }).toMatchObject({ code: 0, complete: true, orphans: [] })
    const own = agents.filter(({ id }) => id.startsWith(`after-${effects}-`))
    if (run.code === 0) {
      survived += 1
      await expectWorking(place, own)
    } else {
      survived = 0
      const { code, outcome, hint } = errorOf(run)
      expect({ effects, code, outcome, own: own.map(({ state }) => state) }).toEqual({
        // Git does not always say why it could not write.
        ...{ effects, code: hint?.includes('has room') ? 'WORKTREE_FAILED' : 'DISK', outcome: 'none' },
        own: own.map(() => expect.stringMatching(/^(failed|exited)$/)),
      })
      expect(await worktreesOf(place, own)).toEqual([])
      expect((await place.tmux.windows()).filter((name) => name.startsWith(`after-${effects}-`))).toEqual([])
      failed.push(...own.map(({ id }) => id))
    }
  }
  if (failed.length > 0) expect(await place.json('abandon', ...failed)).toMatchObject({ code: 0 })
}

/** What a spawn that failed left of its worktree, and does not say. */
async function worktreesOf(place: Place, own: readonly Agent[]): Promise<string[]> {
  const known = await git(place.project, 'worktree', 'list', '--porcelain')
  const branches = await git(place.project, 'for-each-ref', '--format=%(refname:short)', 'refs/heads/orch')
  const told = own.map(({ reason }) => reason.text).join()
  return [...known.matchAll(/^worktree (.*)$/gm), ...branches.matchAll(/^.+$/gm)]
    .map(([line, path]) => path ?? line)
    .filter((name) => name.includes('/after-') && !told.includes(name))
}

async function expectWorking(place: Place, own: readonly Agent[]): Promise<void> {
  expect(own).toMatchObject([{ state: 'running', lifecycle: 'active' }])
  const { id, workspace } = own[0] as Agent
  expect(await readFile(join(workspace, 'SPAWN_CONTEXT.md'), 'utf8')).toContain(TASK)
  expect(await place.json('send', id, 'there is room')).toMatchObject({ code: 0, receipt: { delivery: 'accepted' } })
  const tail = await eventually(async () => {
    const { stdout } = await place.orch('tail', id, '-n', '100')
    return stdout.includes('there is room') && stdout
  })
  expect(tail).toMatch(new RegExp(`${LAST_LINE}|Output is missing here`))
  expect(await place.json('abandon', id)).toMatchObject({ code: 0, results: [{ ok: true, stop: { proven: true } }] })
}
