import { createHash } from 'node:crypto'
import type { ChatRequest } from './conversation.ts'
import type { Step } from './script.ts'

/** An HTTP error to answer a request with, or a connection to break in the middle of the answer. */
export interface Refusal {
  status: number | 'cut'
  retryAfterSeconds?: number
}

/** Counts how often the same request was refused, so that a retry may succeed. */
export interface Refusals {
  /** The refusal that this request gets, `undefined` when it is to be answered. */
  next(request: ChatRequest, steps: Step[]): Refusal | undefined
}

/** Creates a counter; the same conversation counts as the same request. */
export function createRefusals(): Refusals {
  const counts = new Map<string, number>()
  return {
    next(request, steps) {
      const key = createHash('sha256').update(JSON.stringify(request.messages)).digest('hex')
      const used = counts.get(key) ?? 0
      let before = 0
      for (const step of steps) {
        if (step.kind !== 'refuse' && step.kind !== 'cut') continue
        before += step.times
        if (used >= before) continue
        counts.set(key, used + 1)
        if (step.kind === 'cut') return { status: 'cut' }
        const { status, retryAfterSeconds } = step
        return { status, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
      }
      return undefined
    },
  }
}
