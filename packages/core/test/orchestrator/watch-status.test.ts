import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { StatusDocument } from '../../src/documents.ts'
import { send } from '../../src/messages/send.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import type { StateChange } from '../../src/orchestrator/notify.ts'
import type { WatchOptions } from '../../src/orchestrator/options.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { wait } from '../../src/orchestrator/wait.ts'
import { watchStatus } from '../../src/orchestrator/watch-status.ts'
import { TIMING } from '../../src/timing.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

afterEach(() => {
  jest.useRealTimers()
})

/** Only time that is waited for is not the real one. */
const NOT_FAKED = ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'performance', 'Date'] as const

/** What a watch has shown so far, while it goes on. */
function watching(
  orch: Orch,
  options: WatchOptions = {},
): { readonly seen: StatusDocument[]; readonly end: () => Promise<unknown> } {
  const stop = new AbortController()
  const seen: StatusDocument[] = []
  const run = (async () => {
    for await (const document of watchStatus(orch, { ...options, signal: stop.signal })) seen.push(document)
  })().catch((error: unknown) => error)
  const end = (): Promise<unknown> => {
    stop.abort(new Error('enough'))
    return run
  }
  scope.defer(async () => void (await end()))
  return { seen, end }
}

const states = ({ agents }: StatusDocument): string[] => agents.map(({ id, state }) => `${id.slice(0, 1)} ${state}`)

describe('watchStatus()', () => {
  it('shows what there is, and each change, of agents that come later too', async () => {
    const { orch, id } = await place.spawn('a')
    const { seen, end } = watching(await place.open())
    await eventually(() => seen.length > 0)
    expect(seen.map(states)).toEqual([['a idle']])
    const other = await place.spawn('b [[permission: run make]]')
    await eventually(() => seen.some((one) => states(one).includes('b waiting')))
    await send(orch, id, '[[error: no]]')
    await eventually(() => seen.some((one) => states(one).includes('a failed')))
    await abandon(other.orch, [other.id])
    await eventually(() => states(seen.at(-1) as StatusDocument).join() === 'a failed')
    expect(await end()).toEqual(new Error('enough'))
  })

  it('shows nothing twice', async () => {
    const { orch, id } = await place.spawn('a')
    const { seen } = watching(await place.open())
    await eventually(() => seen.length > 0)
    for (let count = 0; count < 3; count++) await send(orch, id, 'again', { wait: true })
    await place.spawn('b')
    await eventually(() => seen.at(-1)?.agents.length === 2)
    const shown = seen.map((one) => JSON.stringify(one.agents.map(({ id, state, reason }) => [id, state, reason])))
    expect(shown.filter((one, at) => at > 0 && one === shown[at - 1])).toEqual([])
  })

  it('shows again what has not changed for a minute: only who writes learns that nobody reads', async () => {
    await place.spawn('a')
    jest.useFakeTimers({ doNotFake: [...NOT_FAKED] })
    const { seen } = watching(await place.open())
    await eventually(() => seen.length > 0)
    await jest.advanceTimersByTimeAsync(TIMING.watchAgainMs - 1)
    expect(seen).toHaveLength(1)
    await jest.advanceTimersByTimeAsync(TIMING.safetyNetMs)
    await eventually(() => seen.length === 2)
    expect(seen.map(states)).toEqual([['a idle'], ['a idle']])
  })

  it('leaves out what is not asked for, and tells of it all the same', async () => {
    const { orch, id } = await place.spawn('a')
    const notify = ['sh', '-c', 'cat > "$HOME/$ORCH_STATE"']
    const { seen } = watching(await place.open({ env: home() }), { states: ['failed'], notify })
    await eventually(() => seen.length > 0)
    await send(orch, id, '[[hang: a]]')
    await eventually(() => existsSync(join(place.folder, 'working')))
    expect(seen.flatMap(states)).toEqual([])
  })
})

describe('the command that tells of changes', () => {
  it('gets the change on stdin and in variables, in the project', async () => {
    const { orch, id } = await place.spawn('[[hang: a]]')
    const script = 'cat > "$HOME/in.$$"; echo "$ORCH_AGENT_ID $ORCH_PREVIOUS_STATE $ORCH_STATE $PWD" >> "$HOME/out"'
    const waiting = wait(await place.open({ env: home() }), [id], {
      until: ['done'],
      notify: ['sh', '-c', script, 'a b'],
    })
    await abandon(orch, [id])
    expect(await waiting).toMatchObject({ outcome: 'closed', warnings: [] })
    const told = readFileSync(join(place.folder, 'out'), 'utf8')
    expect(told).toContain(`${id} working exited ${place.project}\n`)
    const changes = readdirSync(place.folder)
      .filter((file) => file.startsWith('in.'))
      .map((file) => JSON.parse(readFileSync(join(place.folder, file), 'utf8')) as StateChange)
    expect(changes.map(({ agent }) => agent.state)).toContain('exited')
    expect(changes[0]).toMatchObject({ apiVersion: 1, type: 'change', previous: 'working', agent: { id } })
  })

  it('runs nothing for what is so from the beginning', async () => {
    const { id } = await place.spawn('a')
    const notify = ['sh', '-c', 'touch "$HOME/told"']
    await wait(await place.open({ env: home() }), [id], { until: ['idle'], notify })
    expect(existsSync(join(place.folder, 'told'))).toBe(false)
  })

  it.each([
    ['is not there', ['/nowhere/at all'], 'ENOENT'],
    ['fails', ['sh', '-c', 'exit 7'], 'it ended with code 7'],
  ])('is a warning once when it %s', async (_, notify, text) => {
    const { orch, id } = await place.spawn('a')
    const { seen } = watching(await place.open(), { notify })
    await eventually(() => seen.length > 0)
    for (const message of ['[[error: x]]', 'good', '[[error: y]]']) await send(orch, id, message, { wait: true })
    await place.spawn('b')
    await eventually(() => seen.some(({ warnings }) => warnings.length > 0))
    await place.spawn('c')
    await eventually(() => seen.at(-1)?.agents.length === 3)
    const warnings = seen.flatMap((one) => one.warnings)
    expect(warnings).toEqual([{ code: 'NOTIFY_FAILED', text: expect.stringContaining(text) }])
  })

  it('holds nobody up, and is ended with all it started when who watches ends', async () => {
    const { orch, id } = await place.spawn('a')
    const notify = ['sh', '-c', 'sleep 1000 & echo $! >> "$HOME/pids"; echo $$ >> "$HOME/pids"; wait']
    const { seen, end } = watching(await place.open({ env: home() }), { notify })
    await eventually(() => seen.length > 0)
    for (let count = 0; count < 4; count++) await send(orch, id, '[[error: x]]', { wait: true })
    await eventually(() => seen.at(-1)?.agents[0]?.state === 'failed')
    const pids = (): string[] => readFileSync(join(place.folder, 'pids'), 'utf8').trim().split('\n')
    await eventually(() => existsSync(join(place.folder, 'pids')) && pids().length >= 2)
    await end()
    await eventually(() => pids().every((pid) => !existsSync(`/proc/${pid}`) || isZombie(pid)))
  })

  it('is the one of the configuration unless one is given', async () => {
    const { orch, id } = await place.spawn('a')
    writeFileSync(join(place.project, '.orch/config.json'), JSON.stringify({ notify: `sh -c 'cat > "$HOME/told"'` }))
    const { seen } = watching(await place.open({ env: home() }))
    await eventually(() => seen.length > 0)
    await send(orch, id, '[[error: x]]')
    await eventually(() => existsSync(join(place.folder, 'told')))
    rmSync(join(place.folder, 'told'))
  })
})

function home(): Record<string, string> {
  return { ...place.env, HOME: place.folder, XDG_STATE_HOME: join(place.folder, 'home/.local/state') }
}

function isZombie(pid: string): boolean {
  return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}
