import { describe, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { createSharing } from '../src/sharing.ts'

/** Work that ends when it is told to, and is counted. */
function controlled() {
  const runs: { end(answer: string): void; fail(error: Error): void; signal: AbortSignal }[] = []
  const work = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      runs.push({ end: resolve, fail: reject, signal })
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  return { runs, work }
}

const never = new AbortController().signal

describe('ask()', () => {
  it('runs at once what nobody else asks, and again what is asked after the answer', async () => {
    const { ask } = createSharing<string>()
    const { runs, work } = controlled()
    const first = ask('a', never, work)
    await eventually(() => runs.length === 1)
    runs[0]?.end('one')
    expect(await first).toBe('one')
    const second = ask('a', never, work)
    await eventually(() => runs.length === 2)
    runs[1]?.end('two')
    expect(await second).toBe('two')
  })

  it('gives all who come while one is under way the answer of the next one, which begins after it', async () => {
    const { ask } = createSharing<string>()
    const { runs, work } = controlled()
    const first = ask('a', never, work)
    const others = [1, 2, 3].map(() => ask('a', never, work))
    await eventually(() => runs.length === 1)
    runs[0]?.end('one')
    expect(await first).toBe('one')
    await eventually(() => runs.length === 2)
    runs[1]?.end('two')
    expect(await Promise.all(others)).toEqual(['two', 'two', 'two'])
    expect(runs).toHaveLength(2)
  })

  it('asks again after a failure, which only those get who waited for it', async () => {
    const { ask } = createSharing<string>()
    const { runs, work } = controlled()
    const first = ask('a', never, work)
    const other = ask('a', never, work)
    await eventually(() => runs.length === 1)
    runs[0]?.fail(new Error('broken'))
    await expect(first).rejects.toThrow('broken')
    await eventually(() => runs.length === 2)
    runs[1]?.end('two')
    expect(await other).toBe('two')
  })

  it('does not mix what has different keys', async () => {
    const { ask } = createSharing<string>()
    const { runs, work } = controlled()
    const both = [ask('a', never, work), ask('b', never, work)]
    await eventually(() => runs.length === 2)
    for (const [index, run] of runs.entries()) run.end(String(index))
    expect(await Promise.all(both)).toEqual(['0', '1'])
  })

  it('does not wait for one that hangs', async () => {
    const { ask } = createSharing<string>()
    const { runs, work } = controlled()
    void ask('a', never, work)
    const other = ask('a', never, work)
    await eventually(() => runs.length === 2)
    runs[1]?.end('two')
    expect(await other).toBe('two')
    expect(runs[0]?.signal.aborted).toBe(false)
  })

  it('aborts work that nobody waits for any more, and no sooner', async () => {
    const { ask } = createSharing<string>()
    const { runs, work } = controlled()
    const [held, one, other] = [new AbortController(), new AbortController(), new AbortController()]
    const first = ask('a', held.signal, work)
    const both = [ask('a', one.signal, work), ask('a', other.signal, work)]
    await eventually(() => runs.length === 1)
    held.abort(new Error('left'))
    await expect(first).rejects.toThrow('left')
    await eventually(() => runs.length === 2)
    one.abort(new Error('left'))
    expect(runs[1]?.signal.aborted).toBe(false)
    other.abort(new Error('left too'))
    expect(runs[1]?.signal.aborted).toBe(true)
    await expect(both[0]).rejects.toThrow('left')
    await expect(both[1]).rejects.toThrow('left too')
    const again = ask('a', never, work)
    await eventually(() => runs.length === 3)
    runs[2]?.end('three')
    expect(await again).toBe('three')
  })
  it('asks anew after all who waited for the next one have left', async () => {
    const { ask } = createSharing<string>()
    const { runs, work } = controlled()
    const first = ask('a', never, work)
    const leaving = new AbortController()
    const left = ask('a', leaving.signal, work)
    leaving.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    const other = ask('a', never, work)
    await eventually(() => runs.length === 1)
    runs[0]?.end('one')
    await eventually(() => runs.length === 2)
    runs[1]?.end('two')
    expect(await Promise.all([first, other])).toEqual(['one', 'two'])
  })
})
