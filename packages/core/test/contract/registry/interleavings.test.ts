import { beforeEach, expect, it } from '@jest/globals'
import { perTest } from '../../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../../tests/harness/temporary-folder.ts'
import { createJsonlRegistry } from '../../../src/registry/jsonl-registry.ts'
import { type Fixture, useFixtures } from '../../harness/fixture.ts'
import { type Try, violations } from './model.ts'
import { createRandom } from './random.ts'

const scope = perTest()
const fixtures = useFixtures(scope)
const SEED = Number(process.env.ORCH_SEED ?? Date.now() % 1_000_000)
const STEPS = 1000
const ENDLESS = 1_000_000_000
let directory: string

beforeEach(async () => {
  directory = (await scope.use(temporaryFolder())).path
  process.stderr.write(`ORCH_SEED=${SEED} repeats what the workers of this run tried\n`)
})

it('after any interleaving of 4 processes the store holds what each was told, and nothing else', async () => {
  const workers = await Promise.all([1, 2, 3, 4].map((index) => start(index, STEPS)))
  const tries = (await Promise.all(workers.map((worker) => untilKilled(worker, Number.POSITIVE_INFINITY)))).flat()
  expect({ seed: SEED, wrong: await violations(tries, createJsonlRegistry(directory)) }).toEqual({
    seed: SEED,
    wrong: [],
  })
  expect(count(tries, 'won')).toBeGreaterThan(STEPS)
  expect(count(tries, 'CONFLICT')).toBeGreaterThan(0)
}, 60_000)

it('processes killed at any instant leave what each was told, and at most what it was trying', async () => {
  const random = createRandom(SEED)
  const tries: Try[] = []
  const lives = async (index: number): Promise<void> => {
    for (let life = 0; life < 4; life++) {
      const worker = await start(index * 10 + life, ENDLESS)
      tries.push(...(await untilKilled(worker, 1 + random(STEPS))))
    }
  }
  await Promise.all([1, 2, 3, 4].map(lives))
  expect({ seed: SEED, wrong: await violations(tries, createJsonlRegistry(directory)) }).toEqual({
    seed: SEED,
    wrong: [],
  })
  expect(tries.filter(({ told }) => told === undefined).length).toBeGreaterThan(0)
}, 60_000)

it('the model notices a store that does not read back whether a change won', async () => {
  const workers = await Promise.all([1, 2, 3, 4].map((index) => start(index, STEPS, 'blind')))
  const tries = (await Promise.all(workers.map((worker) => untilKilled(worker, Number.POSITIVE_INFINITY)))).flat()
  const wrong = await violations(tries, createJsonlRegistry(directory))
  expect(wrong.filter((text) => text.includes('won, and is not at')).length).toBeGreaterThan(0)
}, 60_000)

function start(index: number, steps: number, ...more: readonly string[]): Promise<Fixture> {
  return fixtures.start('registry-worker', [directory, `w${index}`, `${SEED + index}`, `${steps}`, ...more])
}

/** What a worker said until it ended, or until it was killed after so many lines. */
async function untilKilled(worker: Fixture, lines: number): Promise<readonly Try[]> {
  const tries = new Map<string, Try>()
  for (let line = 0; ; line++) {
    if (line === lines) process.kill(worker.pid, 'SIGKILL')
    const said = await worker.answer<Try>().catch(() => null)
    if (said === null) break
    tries.set(said.label, said)
  }
  const killed = Number.isFinite(lines)
  expect(await worker.ended).toMatchObject({ code: killed ? null : 0, signal: killed ? 'SIGKILL' : null, stderr: '' })
  return [...tries.values()]
}

function count(tries: readonly Try[], what: string): number {
  return tries.filter(({ told }) => (what === 'won' ? typeof told === 'number' : told === what)).length
}
