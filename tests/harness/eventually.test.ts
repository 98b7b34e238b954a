import { describe, expect, it } from '@jest/globals'
import { eventually } from './eventually.ts'

describe('eventually()', () => {
  it('looks again until the value is truthy, and resolves to it', async () => {
    const values = [undefined, null, 0, '', false, 'there']
    expect(await eventually(() => values.shift(), { intervalMs: 1 })).toBe('there')
    expect(values).toEqual([])
  })

  it('takes an error for "not yet"', async () => {
    let looks = 0
    const look = async (): Promise<number> => {
      looks += 1
      if (looks < 3) throw new Error('too early')
      return looks
    }
    expect(await eventually(look, { intervalMs: 1 })).toBe(3)
  })

  it('throws with the last error on time-out', async () => {
    const cause = new Error('the door is closed')
    const fail = (): never => {
      throw cause
    }
    const waited = eventually(fail, { timeoutMs: 5, intervalMs: 1, what: 'an open door' })
    await expect(waited).rejects.toMatchObject({
      message: 'Cannot see an open door: not within 5 ms; the door is closed',
      cause,
    })
  })
})
