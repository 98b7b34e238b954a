import { afterEach, describe, expect, it, jest } from '@jest/globals'
import type { ContractOptions, World } from '../../src/contract/index.ts'
import { runBackendContract } from '../../src/contract/index.ts'
import { memory } from '../../src/memory/index.ts'
import { memoryWorld } from './memory-world.ts'

interface Declared {
  readonly title: string
  readonly skipped: boolean
  run(): Promise<void>
}

function declare(options: Partial<ContractOptions> = {}): { titles: string[]; tests: Declared[] } {
  const titles: string[] = []
  const tests: Declared[] = []
  const test = (title: string, run: () => Promise<void>): unknown => tests.push({ title, skipped: false, run })
  const skip = (title: string, run: () => Promise<void>): unknown => tests.push({ title, skipped: true, run })
  const runner = {
    describe: (title: string, body: () => void) => {
      titles.push(title)
      body()
    },
    it: Object.assign(test, { skip }) as ContractOptions['runner']['it'],
  }
  const setup = (): Promise<World> => memoryWorld()
  runBackendContract({ name: 'sample', runner, factory: memory(), setup, patienceMs: 250, ...options })
  return { titles, tests }
}

function testOf(tests: readonly Declared[], title: string): Declared {
  const found = tests.find((test) => test.title.startsWith(title))
  if (!found) throw new Error(`Cannot find test "${title}"`)
  return found
}

const withoutFind = (): Promise<World> => memoryWorld({}, (backend) => ({ ...backend, find: async () => [] }))

afterEach(() => {
  delete process.env.ORCH_REQUIRE_BACKENDS
  jest.restoreAllMocks()
})

describe('runBackendContract()', () => {
  it('declares every case for a backend that can everything, and counts them in its title', () => {
    const { titles, tests } = declare()
    expect(titles).toEqual([`sample backend contract: ${tests.length} of ${tests.length} cases`])
  })

  it('leaves out the cases that need a capability the backend does not have', () => {
    const { tests } = declare({ factory: memory({ without: ['requests'] }) })
    expect(tests.filter(({ title }) => title.startsWith('answer-'))).toEqual([])
    expect(tests.length).toBeLessThan(declare().tests.length)
  })

  it('fails a case with its claim and the reason it exists', async () => {
    const { tests } = declare({ setup: withoutFind })
    await expect(testOf(tests, 'create-is-findable').run()).rejects.toThrow(
      /find\(\) shows the created agent once[\s\S]*because: recovery after a crash/,
    )
  })

  it('passes a known gap that fails', async () => {
    const { tests } = declare({ setup: withoutFind, knownGaps: { 'create-is-findable': 'no find yet' } })
    const test = testOf(tests, 'create-is-findable')
    expect(test.title).toBe('create-is-findable (known gap: no find yet)')
    await test.run()
  })

  it('fails a known gap that passes', async () => {
    const { tests } = declare({ knownGaps: { 'create-is-findable': 'no find yet' } })
    await expect(testOf(tests, 'create-is-findable').run()).rejects.toThrow('the case passes now; remove it')
  })

  it('fails a known gap that names no selected case', async () => {
    const { tests } = declare({ knownGaps: { 'create-is-lovable': 'a typing mistake' } })
    await expect(testOf(tests, 'known gap "create-is-lovable"').run()).rejects.toThrow('no case of this name')
  })

  it('says which program is missing, and skips', () => {
    const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true)
    const { tests } = declare({ missing: () => 'sample is not on PATH' })
    expect(tests.map(({ skipped }) => skipped)).toEqual([true])
    expect(written).toHaveBeenCalledWith('SKIPPED: the sample backend cannot run here: sample is not on PATH\n')
  })

  it('fails for a missing program that ORCH_REQUIRE_BACKENDS demands', async () => {
    process.env.ORCH_REQUIRE_BACKENDS = 'other, sample'
    const { tests } = declare({ missing: () => 'sample is not on PATH' })
    expect(tests.map(({ skipped }) => skipped)).toEqual([false])
    await expect(tests[0]?.run()).rejects.toThrow('sample is not on PATH')
  })

  it('fails a case that leaves an agent behind', async () => {
    const setup = (): Promise<World> =>
      memoryWorld({}, (backend) => ({ ...backend, stop: async () => ({ proven: true, evidence: [] }) }))
    const { tests } = declare({ setup })
    await expect(testOf(tests, 'create-is-findable').run()).rejects.toThrow('left behind after every agent was stopped')
  })

  it('fails a world that declares too few known fields', async () => {
    const { tests } = declare({ setup: async () => ({ ...(await memoryWorld()), known: { working: ['existence'] } }) })
    await expect(testOf(tests, 'known-working').run()).rejects.toThrow('known.working declares "turn"')
  })

  it('disposes the world and closes its clients after a failure too', async () => {
    const ended: string[] = []
    const setup = async (): Promise<World> => {
      const world = await withoutFind()
      const close = async (): Promise<void> => void ended.push('close')
      const dispose = async (): Promise<void> => void ended.push('dispose')
      return { ...world, backend: { ...world.backend, close }, dispose }
    }
    await expect(testOf(declare({ setup }).tests, 'create-is-findable').run()).rejects.toThrow()
    expect(ended).toEqual(['close', 'dispose'])
  })
})
