import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place } from '../../stories/support/place.ts'
import type { HoldingProxy } from './holding-proxy.ts'
import type { Held, Hold } from './world.ts'

/** Holds requests of an OpenCode backend in the proxy in front of its server. */
export function holdRequests(place: Place, proxy: HoldingProxy): (what: Held) => Promise<Hold> {
  return async ({ does, text, id }) => {
    const session = id === null ? null : await sessionOf(place, id)
    const release = proxy.hold(({ method, path, body }) => {
      if (does === 'create') return method === 'POST' && path === '/session' && body.includes(text)
      if (does === 'type') return path.endsWith('/prompt_async') && body.includes(text)
      return method === 'PATCH' && session !== null && path === `/session/${session}`
    })
    return { env: {}, release }
  }
}

async function sessionOf(place: Place, id: string): Promise<string | null> {
  const record = await readFile(join(place.state, 'agents', `${id}.jsonl`), 'utf8').catch(() => '')
  return /"sessionId":"([^"]+)"/.exec(record)?.[1] ?? null
}
