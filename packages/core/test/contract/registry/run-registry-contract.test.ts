import { describe, expect, it } from '@jest/globals'
import { REGISTRY_CASES, type RegistryContractOptions, runRegistryContract } from '../../../src/contract/index.ts'
import { type Breaker, JSONL_DAMAGES, jsonlWorld } from './jsonl-world.ts'

interface Declared {
  readonly title: string
  run(): Promise<void>
}

function declare(options: Partial<RegistryContractOptions> = {}): { titles: string[]; tests: Declared[] } {
  const titles: string[] = []
  const tests: Declared[] = []
  const runner = {
    describe(title: string, body: () => void) {
      titles.push(title)
      body()
    },
    it: (title: string, run: () => Promise<void>) => void tests.push({ title, run }),
  }
  runRegistryContract({ name: 'sample', runner, setup: () => jsonlWorld(), patienceMs: 250, ...options })
  return { titles, tests }
}

function testOf(tests: readonly Declared[], title: string): Declared {
  const found = tests.find((test) => test.title.startsWith(title))
  if (!found) throw new Error(`Cannot find test "${title}"`)
  return found
}

const forgetful: Breaker = (registry) => ({ ...registry, get: async () => null })
const withoutGet = { setup: () => jsonlWorld(forgetful) }

describe('runRegistryContract()', () => {
  it('declares every case for a store that knows every damage, and counts them in its title', () => {
    const { titles, tests } = declare({ damages: JSONL_DAMAGES, variant: 'all' })
    expect(tests.map(({ title }) => title)).toEqual(REGISTRY_CASES.map(({ id }) => id))
    expect(titles).toEqual([`sample registry contract (all): ${tests.length} of ${tests.length} cases`])
  })

  it('leaves out exactly the cases about damages that the store does not know', () => {
    const left = REGISTRY_CASES.filter(({ requires }) => requires.length === 0).map(({ id }) => id)
    expect(declare().tests.map(({ title }) => title)).toEqual(left)
    expect(left.length).toBeLessThan(REGISTRY_CASES.length)
  })

  it('fails a case with its claim and the reason it exists', async () => {
    await expect(testOf(declare(withoutGet).tests, 'create-is-whole').run()).rejects.toThrow(
      /returned null[\s\S]*because: a record that lost a field/,
    )
  })

  it('is strict about known gaps', async () => {
    const gap = { knownGaps: { 'create-is-whole': 'no get yet' } }
    await testOf(declare({ ...withoutGet, ...gap }).tests, 'create-is-whole (known gap: no get yet)').run()
    await expect(testOf(declare(gap).tests, 'create-is-whole').run()).rejects.toThrow('the case passes now; remove it')
    const unknown = declare({ knownGaps: { 'create-is-hole': 'a typing mistake' } })
    await expect(testOf(unknown.tests, 'known gap "create-is-hole"').run()).rejects.toThrow('no case of this name')
  })

  it('fails a world that cannot do a damage that its store lists', async () => {
    const setup = async () => {
      const { damage: _, ...world } = await jsonlWorld()
      return world
    }
    const { tests } = declare({ setup, damages: ['torn'] })
    await expect(testOf(tests, 'torn-change-leaves-its-record').run()).rejects.toThrow('lists "torn" in damages')
  })

  it('disposes the world after a failure too', async () => {
    let disposed = 0
    const setup = async () => {
      const world = await jsonlWorld(forgetful)
      return { ...world, dispose: () => world.dispose().then(() => void disposed++) }
    }
    await expect(testOf(declare({ setup }).tests, 'create-is-whole').run()).rejects.toThrow()
    expect(disposed).toBe(1)
  })
})
