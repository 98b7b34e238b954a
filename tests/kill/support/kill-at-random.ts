import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { AbandonDocument, CompleteDocument, SendDocument } from '@orch/core'
import type { OrchRun } from '../../harness/orch.ts'
import { perFile } from '../../harness/scope.ts'
import { type Act, actsOf, type Verb } from './acts.ts'
import { emptyLedger, type Ledger } from './ledger.ts'
import { sideBySide } from './side-by-side.ts'
import { violationsIn } from './violations.ts'
import { NO_TREES, openTrees, type Trees } from './worktree-acts.ts'
import type { Backend, World } from './world.ts'

const SEED = Number(process.env.ORCH_SEED ?? Date.now() % 1_000_000)
const KILLS = Number(process.env.ORCH_KILLS ?? 200)
const KEYS = 20

/** Some come to their end before they are killed, and are no kill. */
const MOST_ACTS = 3 * KILLS

/** A call that was under way for 10 s counts as lost, so whoever looks meanwhile must be done so long after its start. */
const MOST_HELD_MS = 7_000

/**
 * What took longer waited for something else, as a spawn does with the key of one that died: it says nothing about when
 * to kill the next one, and a call that is held for one and a half times as long must stay well within those 10 s.
 */
const LONGEST_RUN_MS = 2_000

/** On a busy machine, in milliseconds. */
const LONGEST_MS = 400_000

/** Declares the tests that kill commands on one backend at random moments. */
export function killAtRandom(backend: Backend): void {
  describe(`orch on ${backend.name}, killed with SIGKILL at ${KILLS} random moments`, () => {
    const scope = perFile()
    const ledger = emptyLedger()
    const verbs = [...new Set(backend.mix)]
    let world: World
    let trees: Trees

    beforeAll(async () => {
      world = await backend.open(scope)
      trees = verbs.includes('clean') ? await openTrees(world, ledger) : NO_TREES
    })

    it(
      `leaves nothing twice, unlisted or unreadable, with ORCH_SEED=${SEED}`,
      async () => {
        const stage = { world, ledger, trees }
        const durations = await measure(stage, verbs)
        const killed: Verb[] = []
        function* actsUntilKilled(): Generator<Act> {
          for (const act of actsOf(backend.mix, SEED, MOST_ACTS, KEYS)) {
            if (killed.length >= KILLS) return
            yield act
          }
        }
        await sideBySide(actsUntilKilled(), async (act) => {
          if (await killOne(stage, act, durations)) killed.push(act.verb)
        })
        expect(killed.length).toBeGreaterThanOrEqual(KILLS)
        if (KILLS >= 200) expect(new Set(killed)).toEqual(new Set(verbs))
        expect(await violationsIn(world, ledger)).toEqual([])
      },
      LONGEST_MS,
    )

    it(
      `goes on with every key and ends every agent afterwards, with ORCH_SEED=${SEED}`,
      async () => {
        const keys = Array.from({ length: KEYS }, (_, key) => [`key${key}`, `treekey${key}`]).flat()
        const names = keys.filter((name) => !name.startsWith('tree') || ledger.spawns.some((one) => one.name === name))
        await sideBySide(names, (name) => spawnAgain(world, ledger, name), 6)
        expect(await violationsIn(world, ledger)).toEqual([])
        const ids = await openAgents(world)
        const run = await world.place.orch('--json', 'abandon', ...ids)
        expect((run.json as AbandonDocument).results.filter(({ ok }) => !ok)).toEqual([])
        ledger.ended.push(...ids)
        expect(await violationsIn(world, ledger)).toEqual([])
        const withTrees = await trees.all()
        if (withTrees.length === 0) return
        await world.place.orch('clean', ...withTrees)
        expect(await violationsIn(world, ledger)).toEqual([])
        expect(await readdir(join(world.place.project, '.orch', 'worktrees'))).toEqual(['.gitignore'])
      },
      LONGEST_MS,
    )
  })
}

/** How long each verb took when it last came to its end, in milliseconds: what else runs changes it. */
type Durations = Map<Verb, number>

/** What all acts of a test have in common. */
interface Stage {
  world: World
  ledger: Ledger
  trees: Trees
}

async function measure(stage: Stage, verbs: readonly Verb[]): Promise<Durations> {
  const { world, ledger, trees } = stage
  const durations: Durations = new Map()
  for (const verb of verbs) {
    const line = await lineOf(stage, { verb, name: `first-${verb.replaceAll(' ', '-')}`, choice: 2 })
    const started = performance.now()
    const run = await world.place.orch('--json', ...line.args)
    durations.set(verb, Math.min(performance.now() - started, LONGEST_RUN_MS))
    expect(run).toMatchObject({ code: 0 })
    note(ledger, line, run)
    if (line.id !== null) trees.giveBack(line.id)
  }
  return durations
}

/** Whether it was killed: it may have come to its end before. */
async function killOne(stage: Stage, act: Act, durations: Durations): Promise<boolean> {
  const { world, ledger, trees } = stage
  const line = await lineOf(stage, act)
  const hold = act.held === null ? null : await world.hold({ does: act.held, text: line.text, id: line.id })
  const killAfterMs = Math.round((durations.get(act.verb) as number) * (hold === null ? act.moment : 1.5))
  const started = performance.now()
  const run = await world.place.orchWith({ env: hold?.env ?? {}, killAfterMs }, '--json', ...line.args)
  const tookMs = performance.now() - started
  if (run.code === 0 && tookMs < LONGEST_RUN_MS) durations.set(act.verb, tookMs)
  note(ledger, line, run)
  if (act.seen) await world.place.orchWith({ killAfterMs: Math.ceil(Math.max(MOST_HELD_MS - tookMs, 1)) }, 'status')
  await hold?.release()
  if (line.id !== null) trees.giveBack(line.id)
  return run.signal === 'SIGKILL'
}

/** A command line, whose agent it is for, and the text that it alone carries. */
interface Line {
  verb: Verb
  /** `null`: a new one. */
  id: string | null
  args: string[]
  text: string
}

const OPTIONS: Readonly<Partial<Record<Verb, readonly string[]>>> = {
  'spawn in a queue': ['--max-parallel', '1000'],
  'spawn in a worktree': ['--worktree'],
  complete: ['--force', '--verify', 'test -e .'],
  merge: ['--force', '--merge'],
  clean: ['--records'],
}

async function lineOf(stage: Stage, { verb, name, choice }: Pick<Act, 'verb' | 'name' | 'choice'>): Promise<Line> {
  const { world, ledger, trees } = stage
  const text = `<${name}>`
  const more = OPTIONS[verb] ?? []
  if (verb.startsWith('spawn')) {
    if (!ledger.spawns.some((spawn) => spawn.name === name)) ledger.spawns.push({ name, must: false })
    const key = name.includes('key') ? ['--key', name] : []
    return { verb, id: null, text, args: ['spawn', `Task ${text}`, '--name', name, ...key, ...more, ...world.agent] }
  }
  if (verb === 'merge' || verb === 'clean') {
    const id = await trees.take({ name, choice }, verb === 'merge')
    if (verb === 'clean') await world.place.orch('abandon', id)
    if (verb === 'clean') ledger.cleaned.push(id)
    return { verb, id, text, args: [verb === 'merge' ? 'complete' : verb, id, ...more] }
  }
  const withTrees = verb === 'abandon' ? [] : await trees.all()
  const ids = (await openAgents(world)).filter((id) => !withTrees.includes(id))
  const id = ids[choice % ids.length] as string
  if (verb === 'send') ledger.messages.push({ id, text, sure: false })
  // What says that it is done is verified, and its command runs, unless it is at work.
  if (verb === 'complete') await world.place.orch('phase', 'Complete', '--id', id)
  return { verb, id, text, args: [verb, id, ...(verb === 'send' ? [text] : more)] }
}

/** Writes down what a run that came to its end said. */
function note(ledger: Ledger, { verb, id, text }: Line, { signal, json }: OrchRun): void {
  if (signal !== null || id === null || json === undefined || 'error' in (json as object)) return
  if (verb === 'clean') return
  if (verb === 'send') {
    const { receipt } = json as SendDocument
    const message = ledger.messages.find((one) => one.text === text)
    if (message) message.sure = ['confirmed', 'queued', 'accepted'].includes(receipt.delivery)
  } else if ((json as CompleteDocument | AbandonDocument).results[0]?.ok) {
    ledger.ended.push(id)
  }
}

async function spawnAgain({ place, agent }: World, ledger: Ledger, name: string): Promise<void> {
  const more = name.startsWith('tree') ? ['--worktree'] : []
  const run = await place.orch('spawn', `Task <${name}>`, '--name', name, '--key', name, ...more, ...agent)
  expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[a-z0-9-]+\n$/) })
  const spawn = ledger.spawns.find((one) => one.name === name)
  if (spawn === undefined) ledger.spawns.push({ name, must: true })
  else spawn.must = true
}

async function openAgents({ place }: World): Promise<string[]> {
  const names = await readdir(join(place.state, 'agents'))
  return names.map((name) => name.replace(/\.jsonl$/, '')).sort()
}
