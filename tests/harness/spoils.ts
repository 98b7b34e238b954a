import { setTimeout as delay } from 'node:timers/promises'
import type { Spoil } from './start-proxy.ts'

/** What comes after the part of an answer that is let through. */
export type Then = 'end' | 'break' | 'silence'

/** The whole answer, but so many milliseconds later. */
export function delayed(ms: number): Spoil {
  return async function* (body) {
    await delay(ms)
    yield* body
  }
}

/** The first half of what the target sends first; `end` makes it look whole. */
export function half(then: Then): Spoil {
  return async function* (body) {
    const first = await begin(body)
    yield first.subarray(0, Math.floor(first.length / 2))
    await go(then)
  }
}

/** Not a byte of the answer, which the target has given. */
export function lost(then: Exclude<Then, 'end'>): Spoil {
  // biome-ignore lint/correctness/useYield: nothing of it comes through
  return async function* (body) {
    await begin(body)
    await go(then)
  }
}

/** The target is ended when it has given its answer, of which not a byte comes through. */
export function dying(end: () => Promise<void>): Spoil {
  // biome-ignore lint/correctness/useYield: nothing of it comes through
  return async function* (body) {
    await begin(body)
    await end()
    await go('break')
  }
}

/** Another body instead of the target's. */
export function replaced(text: string): Spoil {
  return async function* (body) {
    await begin(body)
    yield text
  }
}

/** A body made from the target's. */
export function replacing(change: (text: string) => string): Spoil {
  return async function* (body) {
    const chunks: Buffer[] = []
    for await (const chunk of body) chunks.push(chunk)
    yield change(Buffer.concat(chunks).toString('utf8'))
  }
}

/** A server-sent event stream event by event: `change` says what goes out for each; `then` is what goes out no more. */
export function changedEvents(change: (event: string) => readonly (string | Then)[]): Spoil {
  return async function* (body) {
    let open = ''
    for await (const chunk of body) {
      const events = `${open}${chunk.toString('utf8')}`.split('\n\n')
      open = events.pop() ?? ''
      for (const piece of events.flatMap((event) => change(`${event}\n\n`))) {
        if (isThen(piece)) return await go(piece)
        yield piece
      }
    }
  }
}

function isThen(piece: string): piece is Then {
  return piece === 'end' || piece === 'break' || piece === 'silence'
}

async function go(then: Then): Promise<void> {
  if (then === 'break') throw new Error('The connection is to break here')
  if (then === 'silence') await new Promise(() => {})
}

/** The first of a body that may have no end; empty when there is none. */
async function begin(body: AsyncIterable<Buffer>): Promise<Buffer> {
  for await (const chunk of body) return chunk
  return Buffer.alloc(0)
}
