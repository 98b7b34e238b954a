import { access, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from '../../harness/git-repository.ts'
import type { Place } from '../../stories/support/place.ts'
import type { Act } from './acts.ts'
import type { Ledger } from './ledger.ts'
import { configureWorktrees, newAgent } from './scenarios.ts'
import type { World } from './world.ts'

/** Agents in worktrees, each of one act at a time: what is written must not come while its worktree is taken away. */
export interface Trees {
  /**
   * An agent with a worktree for one act, with work in it where it is whole.
   * @param lives whether it has to be one whose record is open
   */
  take(act: Pick<Act, 'name' | 'choice'>, lives: boolean): Promise<string>
  giveBack(id: string): void
  /** Every agent with a worktree whose record is still there. */
  all(): Promise<string[]>
}

/** For a world in which nothing has a worktree. */
export const NO_TREES: Trees = {
  take: () => Promise.reject(new Error('Cannot take an agent with a worktree: there is none')),
  giveBack: () => undefined,
  all: async () => [],
}

/** The agents in worktrees of a world. */
export async function openTrees(world: World, ledger: Ledger): Promise<Trees> {
  const { place } = world
  const taken = new Set<string>()
  await configureWorktrees({ world })
  const open = async (): Promise<string[]> => treesIn(place, 'agents')
  const all = async (): Promise<string[]> => [...(await open()), ...(await treesIn(place, 'ended'))]
  return {
    all,
    async take(act, lives) {
      const free = (lives ? await open() : await all()).filter((id) => !taken.has(id))
      const chosen = free[act.choice % free.length]
      const id = chosen ?? (await newAgent(world, ledger, `${act.name}new`, '--worktree'))
      taken.add(id)
      await work(place, ledger, { ...act, id })
      return id
    },
    giveBack: (id) => taken.delete(id),
  }
}

/** What a killed process left half made belongs to nobody who works. */
async function work(place: Place, { works }: Ledger, act: { id: string; name: string; choice: number }): Promise<void> {
  const { id, name, choice } = act
  const tree = treeOf(place.project, id)
  if (!(await recordOf(place, id)).includes('"readyAt":"') || !(await isThere(tree))) return
  const file = `work-${name}.txt`
  await writeFile(join(tree, file), `${file}\n`)
  works.push({ id, file })
  if (choice % 3 === 0) return
  if (choice % 3 === 1) await git(tree, 'checkout', '--quiet', '--detach')
  await git(tree, 'add', '--', file)
  await git(tree, 'commit', '--quiet', '--message', file, '--', file)
  if (choice % 3 === 1) await git(tree, 'checkout', '--quiet', `orch/${id}`)
}

/** What of all that was written is nowhere any more: no branch, no worktree and no patch holds it. */
export async function lostWork({ project }: Place, { works }: Ledger): Promise<string[]> {
  const committed = (await git(project, 'log', '--branches', '--format=', '--name-only')).split('\n')
  const lost: string[] = []
  for (const { id, file } of works) {
    const tree = treeOf(project, id)
    if (committed.includes(file) || (await isThere(join(tree, file)))) continue
    const left = await git(tree, 'log', '--walk-reflogs', '--format=', '--name-only').catch(() => '')
    if (left.split('\n').includes(file)) continue
    const workspace = join(project, '.orch', 'workspace', id)
    const patches = (await readdir(workspace).catch((): string[] => [])).filter((name) => name.endsWith('.patch'))
    const texts = await Promise.all(patches.map((name) => readFile(join(workspace, name), 'utf8')))
    if (!texts.some((text) => text.includes(`+${file}\n`))) lost.push(`what ${id} wrote into ${file} is lost`)
  }
  return lost
}

async function treesIn(place: Place, folder: 'agents' | 'ended'): Promise<string[]> {
  const ids = (await readdir(join(place.state, folder))).map((name) => name.replace(/\.jsonl$/, ''))
  const texts = await Promise.all(ids.map((id) => recordOf(place, id)))
  return ids.filter((_, index) => texts[index]?.includes('"worktree":{'))
}

/** It may be put away while it is read. */
async function recordOf({ state }: Place, id: string): Promise<string> {
  const read = (folder: string): Promise<string> => readFile(join(state, folder, `${id}.jsonl`), 'utf8')
  return await read('agents').catch(() => read('ended').catch(() => ''))
}

function treeOf(project: string, id: string): string {
  return join(project, '.orch', 'worktrees', id)
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
