import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { AgentRef, Backend, Observation } from '@orch/core'
import { eventually } from '../../../tests/harness/eventually.ts'
import { type QuietSession, quietSessions } from '../../../tests/harness/quiet-sessions.ts'
import { perFile } from '../../../tests/harness/scope.ts'
import { type CountingProxy, startProxy } from '../../../tests/harness/start-proxy.ts'
import { opencode } from '../src/index.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const { signal } = new AbortController()
const NAMESPACE = 'test00000000'
let site: Site
let proxy: CountingProxy
beforeAll(async () => {
  site = await openSite(scope)
  await site.open().server?.start(signal)
  proxy = await scope.use(startProxy({ target: site.record().url }))
})

function open(): Backend {
  const { stateDirectory, environment } = site
  const host = { name: 'counted', stateDirectory, namespace: NAMESPACE, env: environment.env }
  return opencode({ server: proxy.url, password: site.record().password })(host)
}

/**
 * 500 agents by turns in so many folders: the first five are at work; of two in the last folder the end of a turn is
 * recorded; the others never began.
 */
async function fiveHundred(folders: number): Promise<{ refs: AgentRef[]; busy: QuietSession[] }> {
  const directories = Array.from({ length: folders }, (_, index) =>
    join(site.environment.directory, `of-${folders}`, `${index}`),
  )
  for (const directory of directories) mkdirSync(directory, { recursive: true })
  const idsOf = (count: number, kind: string): string[] =>
    Array.from({ length: count }, (_, index) => `${kind}-${folders}-${index}`)
  const common = { server: site.server(), namespace: NAMESPACE }
  const fresh = await quietSessions({ ...common, ids: idsOf(493, 'fresh'), directories })
  const busy = await quietSessions({ ...common, ids: idsOf(5, 'busy'), directories })
  const last = directories.slice(-1)
  const ended = await quietSessions({ ...common, ids: idsOf(2, 'ended'), directories: last, message: 'Rest' })
  await Promise.all(busy.map(({ sessionId, directory }) => site.prompt(sessionId, directory, '[[hold: to the end]]')))
  const areAtWork = async (): Promise<boolean> => {
    const at = await Promise.all(busy.map(({ directory }) => site.call<object>('/session/status', directory)))
    return busy.every(({ sessionId }, index) => sessionId in (at[index] as object))
  }
  await eventually(areAtWork, { what: 'five turns at work', timeoutMs: 60_000 })
  return { refs: [...fresh, ...busy].map((one) => toRef(one, null)).concat(ended.map(withEnd)), busy }
}

function withEnd(session: QuietSession): AgentRef {
  const { updatedAt } = session
  const turn = { status: 'ended', how: 'completed', at: new Date(updatedAt).toISOString(), reason: null }
  return toRef(session, { updatedAt, turn, evidence: 'runs no turn' })
}

function toRef({ id, sessionId, directory }: QuietSession, facts: AgentRef['facts']): AgentRef {
  return { id, target: { server: proxy.url }, directory, handle: { sessionId, directory }, facts, attempts: [] }
}

function turnsOf(observations: readonly Observation[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { turn } of observations) {
    const status = turn.known ? turn.value.status : 'unknown'
    counts[status] = (counts[status] ?? 0) + 1
  }
  return counts
}

/** Agents whose own session was asked for. */
function readBy(refs: readonly AgentRef[]): string[] {
  const paths = proxy.requests.map(({ path }) => path)
  const isRead = ({ handle }: AgentRef): boolean =>
    paths.some((path) => path.includes((handle as { sessionId: string }).sessionId))
  return refs.filter(isRead).map((ref) => JSON.stringify(ref))
}

describe('observe() of 500 sessions, 5 of them at work', () => {
  it.each([
    { folders: 1, looks: 1 },
    { folders: 30, looks: 5 },
    { folders: 200, looks: 5 },
  ])(
    'in $folders directories lists them once, and asks three things of the $looks where one is at work',
    async ({ folders, looks }) => {
      const { refs, busy } = await fiveHundred(folders)
      const cold = open()
      proxy.forget()
      const { observations, complete } = await cold.observe(refs, signal)
      await cold.close()
      expect(complete).toBe(true)
      expect(turnsOf(observations)).toEqual({ none: 493, running: 5, ended: 2 })
      expect(readBy(refs)).toEqual([])
      expect(proxy.counts()).toEqual({
        'GET /global/health': 1,
        'GET /experimental/session': 1,
        'GET /session/status': looks,
        'GET /permission': looks,
        'GET /question': looks,
      })
      const asked = proxy.requests.flatMap(({ headers }) => headers['x-opencode-directory'] ?? [])
      expect(new Set(asked)).toEqual(new Set(busy.map(({ directory }) => encodeURIComponent(directory))))
    },
    300_000,
  )
})
