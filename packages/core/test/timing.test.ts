import { getActiveResourcesInfo } from 'node:process'
import { describe, expect, it } from '@jest/globals'
import { DeadlineError, interval, recheck, watchdog, withDeadline } from '../src/timing.ts'

const never = (): Promise<never> => new Promise(() => {})

describe('withDeadline()', () => {
  it('gives the result and ends its timer', async () => {
    const before = timers()
    await expect(withDeadline(60_000, undefined, async () => 'done')).resolves.toBe('done')
    expect(timers()).toBe(before)
  })

  it('rejects at the deadline although the work never settles, and aborts its signal', async () => {
    const seen: { signal?: AbortSignal } = {}
    const work = (signal: AbortSignal): Promise<never> => {
      seen.signal = signal
      return never()
    }
    await expect(withDeadline(20, undefined, work)).rejects.toMatchObject({ name: 'DeadlineError', afterMs: 20 })
    expect(seen.signal?.reason).toBeInstanceOf(DeadlineError)
  })

  it('rejects with the reason of its parent although the work never settles', async () => {
    const parent = new AbortController()
    const reason = new Error('enough')
    const running = withDeadline(60_000, parent.signal, never)
    parent.abort(reason)
    await expect(running).rejects.toBe(reason)
  })

  it('rejects when the work itself leads to the abort', async () => {
    const parent = new AbortController()
    const reason = new Error('enough')
    const running = withDeadline(60_000, parent.signal, () => {
      parent.abort(reason)
      return never()
    })
    await expect(running).rejects.toBe(reason)
  }, 5_000)

  it('does not begin for a parent that was aborted before', async () => {
    let begun = false
    const running = withDeadline(60_000, AbortSignal.abort('stop'), async () => {
      begun = true
    })
    await expect(running).rejects.toBe('stop')
    expect(begun).toBe(false)
  })

  it('passes on what the work throws, at once or later', async () => {
    const fail = (): never => {
      throw new Error('broken')
    }
    await expect(withDeadline(60_000, undefined, fail)).rejects.toThrow('broken')
    await expect(withDeadline(60_000, undefined, async () => fail())).rejects.toThrow('broken')
  })

  it('lets work that fails after the deadline fail silently', async () => {
    const work = (signal: AbortSignal): Promise<never> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => setImmediate(reject, new Error('late'))))
    await expect(withDeadline(1, undefined, work)).rejects.toBeInstanceOf(DeadlineError)
    await new Promise((resolve) => setImmediate(resolve))
  })

  it.each([Number.POSITIVE_INFINITY, 2 ** 31, 1e12])('takes %d ms as a long time, not as none', async (ms) => {
    const work = (): Promise<string> => new Promise((resolve) => setImmediate(resolve, 'done'))
    await expect(withDeadline(ms, undefined, () => work().then(work).then(work))).resolves.toBe('done')
  })
})

describe('recheck()', () => {
  it('looks until there is something', async () => {
    let looks = 0
    await expect(recheck(() => (++looks === 3 ? 'seen' : undefined), { timeoutMs: 60_000, everyMs: 1 })).resolves.toBe(
      'seen',
    )
    expect(looks).toBe(3)
  })

  it('looks once when there is no time at all, and once more at the end', async () => {
    let looks = 0
    const look = (): undefined => void looks++
    await expect(recheck(look, { timeoutMs: 0 })).resolves.toBeUndefined()
    expect(looks).toBe(1)
    await expect(recheck(look, { timeoutMs: 5, everyMs: 60_000 })).resolves.toBeUndefined()
    expect(looks).toBeGreaterThanOrEqual(3)
  })

  it('looks again as soon as it is woken', async () => {
    let wake: () => void = () => {}
    let awake = false
    const looking = recheck(() => (awake ? 'seen' : undefined), {
      timeoutMs: 60_000,
      everyMs: 60_000,
      wake: () =>
        new Promise((resolve) => {
          wake = resolve
        }),
      signal: AbortSignal.timeout(5_000),
    })
    setImmediate(() => {
      awake = true
      wake()
    })
    await expect(looking).resolves.toBe('seen')
  }, 5_000)

  it('waits twice as long each time, up to what it is told', async () => {
    const at: number[] = []
    await recheck(() => (at.push(performance.now()) === 6 ? true : undefined), {
      timeoutMs: 60_000,
      everyMs: 20,
      mostMs: 80,
    })
    const waits = at.slice(1).map((each, index) => each - (at[index] as number))
    const least = [20, 40, 80, 80, 80]
    expect(waits.filter((wait, index) => wait < (least[index] as number) - 2)).toEqual([])
  })

  it('keeps nothing running after it was woken', async () => {
    const before = timers()
    let looks = 0
    const options = { timeoutMs: 60_000, everyMs: 60_000, wake: async () => {} }
    await recheck(() => (++looks === 5 ? true : undefined), options)
    expect(timers()).toBe(before)
  })

  it('rejects with the reason when it is aborted while it waits', async () => {
    const controller = new AbortController()
    const looking = recheck(() => undefined, { timeoutMs: 60_000, everyMs: 60_000, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(looking).rejects.toThrow('enough')
  })

  it('rejects at once when its signal was aborted while it looked', async () => {
    const controller = new AbortController()
    const look = (): undefined => void controller.abort(new Error('enough'))
    const looking = recheck(look, { timeoutMs: 60_000, everyMs: 60_000, signal: controller.signal })
    await expect(looking).rejects.toThrow('enough')
  }, 5_000)

  it('passes on what a look throws', async () => {
    const look = (): never => {
      throw new Error('broken')
    }
    await expect(recheck(look, { timeoutMs: 60_000 })).rejects.toThrow('broken')
  })
})

it('watchdog() barks after silence and not while it is fed', async () => {
  let barks = 0
  const dog = watchdog(50, () => barks++)
  for (let fed = 0; fed < 20; fed++) {
    await recheck(() => undefined, { timeoutMs: 5 })
    dog.feed()
  }
  expect(barks).toBe(0)
  await recheck(() => barks || undefined, { timeoutMs: 5_000 })
  expect(barks).toBe(1)
  dog.stop()
})

it('watchdog() that was stopped stays silent', async () => {
  let barks = 0
  watchdog(1, () => barks++).stop()
  await recheck(() => undefined, { timeoutMs: 20 })
  expect(barks).toBe(0)
})

it('interval() ticks until it is stopped', async () => {
  let ticks = 0
  const clock = interval(1, () => ticks++)
  await recheck(() => (ticks > 2 ? true : undefined), { timeoutMs: 5_000 })
  clock.stop()
  const stopped = ticks
  await recheck(() => undefined, { timeoutMs: 20 })
  expect(ticks).toBe(stopped)
})

function timers(): number {
  return getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}
