import { expect, it } from '@jest/globals'
import { recheck } from '../src/timing.ts'

it('recheck() rejects at once when its signal was aborted while it looked', async () => {
  const controller = new AbortController()
  const look = (): undefined => controller.abort(new Error('enough'))
  const looking = recheck(look, { timeoutMs: 60_000, everyMs: 60_000, signal: controller.signal })
  await expect(looking).rejects.toThrow('enough')
}, 5_000)
