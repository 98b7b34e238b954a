import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { opencode } from '@orch/backend-opencode'
import { tmux } from '@orch/backend-tmux'
import { type Orch, openOrch, type SpawnOptions, type StatusDocument, spawn, type TailLine, tail } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { descendantsOf } from '../harness/processes.ts'
import { perTest, type Scope } from '../harness/scope.ts'
import { startOpenCode } from '../harness/start-open-code.ts'
import { type CountingProxy, startProxy } from '../harness/start-proxy.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { openCodePlace, type Place, tmuxPlace } from './support/place.ts'
import { programFile } from './support/program.ts'
import { countedRun } from './support/started-processes.ts'

const scope = perTest()

describe('what a command costs, from a cold process', () => {
  it('status starts one tmux process for 10 agents and for 300, and no other', async () => {
    const place = await scope.use(tmuxPlace())
    await place.write(
      '.orch/config.json',
      JSON.stringify({ programs: { sleeper: { command: 'sleep', args: ['infinity'], promptBy: 'none' } } }),
    )
    const orch = await openIn(scope, place)
    await spawnMany(orch, 10, { task: 'Sleep', program: 'sleeper' })
    const few = await countedRun(place, 'status', '--json')
    expect(few).toMatchObject({ code: 0, json: { complete: true, counts: { running: 10 } } })
    await spawnMany(orch, 290, { task: 'Sleep', program: 'sleeper' })
    const many = await countedRun(place, 'status', '--json')
    expect(many).toMatchObject({ code: 0, json: { complete: true, counts: { running: 300 }, orphans: [] } })
    expect((many.json as StatusDocument).agents).toHaveLength(300)
    expect(few.tmuxRuns).toHaveLength(1)
    expect(many.tmuxRuns).toEqual(few.tmuxRuns)
    expect([few.processes.length, many.processes.length]).toEqual([1, 1])
  })

  it('status reads as much of the files of an agent with hooks, however much it has told, and starts one tmux process', async () => {
    const place = await scope.use(tmuxPlace())
    const program = { command: 'sh', args: ['-c', 'exec cat', 'claude'], promptBy: 'none' }
    await place.write('.orch/config.json', JSON.stringify({ programs: { claude: program } }))
    const orch = await openIn(scope, place)
    const readBy = async (): Promise<Record<'agents' | 'opens' | 'bytes', number>> => {
      const env = { ORCH_TEST_READS: 'tmux/events/' }
      const counted = await countedRun(place, 'status', '--json')
      expect(counted).toMatchObject({ code: 0, json: { complete: true } })
      expect([counted.tmuxRuns.length, counted.processes.length]).toEqual([1, 1])
      const run = await place.orchWith({ env, preload: programFile('count-reads.cjs') }, 'status', '--json')
      return { agents: (run.json as StatusDocument).counts.working, ...JSON.parse(run.stderr) }
    }
    const told = async (count: number, events: number): Promise<void> => {
      await spawnMany(orch, count, { task: 'Wait', program: 'claude' })
      const lines = ['UserPromptSubmit', ...Array(events).fill('PreToolUse'), 'Stop', 'UserPromptSubmit'].map(
        (name) => `1000-7 ${JSON.stringify({ hook_event_name: name, padding: 'x'.repeat(1000) })}\n`,
      )
      const runs = (await readdir(join(place.state, 'tmux/events'))).filter((name) => name.endsWith('.launch'))
      for (const run of runs) await writeFile(join(place.state, 'tmux/events', run.slice(0, -7)), lines.join(''))
    }
    await told(3, 50)
    const few = await readBy()
    expect(few).toMatchObject({ agents: 3 })
    await told(27, 5000)
    const many = await readBy()
    expect(many).toMatchObject({ agents: 30 })
    expect([many.opens / 30, many.bytes / 30]).toEqual([few.opens / 3, few.bytes / 3])
    expect([many.opens / 30, many.bytes / 30 < 40_000]).toEqual([2, true])
  })

  it('wait and tail -f start one process, and watch directories: none for each agent but that of its page', async () => {
    const place = await scope.use(tmuxPlace())
    const claude = { command: 'sh', args: ['-c', 'exec cat', 'claude'], promptBy: 'none' }
    const bare = { command: 'sleep', args: ['infinity'], promptBy: 'none' }
    await place.write('.orch/config.json', JSON.stringify({ programs: { claude, bare } }))
    const orch = await openIn(scope, place)
    const watchedBy = async (...words: string[]): Promise<{ processes: number; watches: number }> => {
      const waiting = await place.start(...words)
      const find = async (): Promise<number> => (await descendantsOf(waiting.pid)).length
      await eventually(find, { what: 'its connection to tmux', timeoutMs: 30_000 })
      const settled = new Set<number>()
      const watches = await eventually(
        async () => {
          const count = await inotifyWatches(waiting.pid)
          const isSame = settled.has(count)
          settled.clear()
          settled.add(count)
          return isSame && count
        },
        { intervalMs: 500, timeoutMs: 30_000, what: 'watches that stand' },
      )
      const counted = { processes: await find(), watches: watches as number }
      waiting.kill('SIGKILL')
      await waiting.result()
      return counted
    }
    const ids = async (): Promise<string[]> => (await place.json<StatusDocument>('status')).agents.map(({ id }) => id)
    await Promise.all(['claude', 'bare'].map((program) => spawnMany(orch, 10, { task: 'Wait', program })))
    const [few, tailed] = [
      await watchedBy('wait', ...(await ids())),
      await watchedBy('tail', '-f', (await ids())[0] as string),
    ]
    await Promise.all(['claude', 'bare'].map((program) => spawnMany(orch, 40, { task: 'Wait', program })))
    const many = await watchedBy('wait', ...(await ids()))
    expect([few.processes, many.processes, tailed.processes]).toEqual([1, 1, 1])
    expect(many.watches - few.watches).toBe(80)
    expect(few.watches - 20).toBeLessThanOrEqual(8)
    expect(tailed.watches).toBeLessThanOrEqual(9)
  }, 120_000)

  it('a send waits once for the disk, and a status not at all', async () => {
    const model = await scope.use(startScriptedModel())
    const place = await scope.use(openCodePlace({ model }))
    const id = await place.spawn('Say it [[answer: said]]')
    await eventually(async () => (await place.orch('tail', '-n', '1', id)).stdout === 'said\n', { timeoutMs: 60_000 })
    const preload = await place.write(
      '../syncs.cjs',
      `const fs = require('node:fs')
      const { fdatasyncSync } = fs
      let syncs = 0
      fs.fdatasyncSync = (descriptor) => { syncs += 1; fdatasyncSync(descriptor) }
      process.on('exit', () => process._rawDebug(String(syncs)))`,
    )
    const record = (): Promise<string> => readFile(join(place.state, 'agents', `${id}.jsonl`), 'utf8')
    await eventually(
      async () => {
        const before = await record()
        expect(await place.orchWith({ preload }, 'status', '--json')).toMatchObject({ code: 0, stderr: '0\n' })
        return (await record()) !== before && (await place.agent(id)).state === 'idle'
      },
      { what: 'a status that records how the turn ended', timeoutMs: 20_000 },
    )
    const sent = await place.orchWith({ preload }, 'send', id, 'Again [[answer: again]]')
    expect(sent).toMatchObject({ code: 0, stderr: '1\n' })
  })

  it('send to tmux starts one tmux process', async () => {
    const place = await scope.use(tmuxPlace())
    const id = await place.spawn('Say it again', '--program', '--', 'cat')
    for (const message of ['Hello', `Several\nlines ${'x'.repeat(3000)}`]) {
      const sent = await countedRun(place, 'send', id, message, '--json')
      expect(sent).toMatchObject({ code: 0, json: { receipt: { delivery: 'accepted' } } })
      expect(sent.tmuxRuns).toHaveLength(1)
    }
  })

  it('status sends the same requests for 10 OpenCode sessions and for 100 whose turn ends are recorded', async () => {
    const model = await scope.use(startScriptedModel())
    const server = await scope.use(startOpenCode({ model }))
    const proxy = await scope.use(startProxy({ target: server.url }))
    const env = { OPENCODE_URL: proxy.url, OPENCODE_SERVER_PASSWORD: server.password }
    const place = await scope.use(openCodePlace({ model, env }))
    const orch = await openIn(scope, place)
    await spawnMany(orch, 10, { task: 'Answer [[answer: 42]]' })
    const few = await recordedStatus(place, proxy)
    expect(few.json).toMatchObject({ complete: true, counts: { idle: 10 } })
    await spawnMany(orch, 90, { task: 'Answer [[answer: 42]]' })
    const many = await recordedStatus(place, proxy)
    expect(many.json).toMatchObject({ complete: true, counts: { idle: 100 }, orphans: [] })
    expect(Object.keys(few.requests)).toContain('GET /experimental/session')
    expect(many.requests).toEqual(few.requests)
    expect(Object.keys(few.requests).filter((route) => /message|POST|PATCH/.test(route))).toEqual([])
    expect(many.processes).toEqual(few.processes)
  })

  it('everything that one process follows of 50 OpenCode agents comes over one stream', async () => {
    const model = await scope.use(startScriptedModel())
    const server = await scope.use(startOpenCode({ model }))
    const proxy = await scope.use(startProxy({ target: server.url }))
    const env = { OPENCODE_URL: proxy.url, OPENCODE_SERVER_PASSWORD: server.password }
    const place = await scope.use(openCodePlace({ model, env }))
    const orch = await openIn(scope, place)
    await spawnMany(orch, 50, { task: 'Hold [[hold: the door]] [[answer: through]]' })
    const { agents } = await place.json<StatusDocument>('status')
    const ids = agents.map(({ id }) => id)

    const whole = { 'GET /global/health': 1, 'GET /global/event': 1, 'GET /experimental/session': 2 }
    const oneDirectory = { 'GET /session/status': 1, 'GET /permission': 1, 'GET /question': 1 }
    proxy.forget()
    const tailing = await place.start('tail', '-f', '--json', ids[0] as string)
    expect(await firstLook(proxy)).toEqual({ ...whole, ...oneDirectory, 'GET /session/:id/message': 1 })
    await tailing[Symbol.asyncDispose]()
    proxy.forget()
    const waiting = await place.start('wait', '--until', 'idle', '--json', ...ids)
    expect(await firstLook(proxy)).toEqual({ ...whole, ...oneDirectory })
    proxy.forget()
    const tails = ids.map((id) => follow(scope, orch, id))
    const everyone = (has: (lines: readonly TailLine[]) => boolean): Promise<unknown> =>
      eventually(() => tails.every(has), { what: 'the lines of 50 tails', timeoutMs: 60_000 })
    await everyone((lines) => lines.some(({ type }) => type === 'state'))
    model.release('the door')
    await everyone((lines) => lines.some((line) => line.type === 'item' && line.item.text === 'through'))
    expect(await waiting.result()).toMatchObject({ code: 0, json: { outcome: 'met' } })
    expect(proxy.counts()['GET /global/event']).toBe(1)
  })
})

/** How many directories and files a process watches (`/proc/PID/fdinfo`). */
async function inotifyWatches(pid: number): Promise<number> {
  const infos = await readdir(`/proc/${pid}/fdinfo`)
  const texts = await Promise.all(infos.map((fd) => readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8').catch(() => '')))
  return texts.join('').match(/^inotify /gm)?.length ?? 0
}

/** What was requested up to a first look at requests; but the marks, of which a stream may need more than one. */
async function firstLook(proxy: CountingProxy): Promise<Record<string, number>> {
  await eventually(() => proxy.counts()['GET /question'], { what: 'a first look', timeoutMs: 20_000 })
  const { 'POST /instance/dispose': marks, ...requests } = proxy.counts()
  expect(marks).toBeGreaterThan(0)
  return Object.fromEntries(Object.entries(requests).map(([route, count]) => [route.replace(/ses_\w+/, ':id'), count]))
}

/** The lines of `tail -f` in this process, as they come; it ends with the test. */
function follow(until: Scope, orch: Orch, id: string): readonly TailLine[] {
  const controller = new AbortController()
  const lines: TailLine[] = []
  const reading = (async () => {
    for await (const line of tail(orch, id, { follow: true, signal: controller.signal })) lines.push(line)
  })().catch((error: unknown) => {
    if (!controller.signal.aborted) throw error
  })
  until.defer(() => {
    controller.abort()
    return reading
  })
  return lines
}

/** Orch in this process, on the state and the project of a place: agents are made without a process for each. */
async function openIn(until: Scope, place: Place): Promise<Orch> {
  const orch = await openOrch({
    directory: place.project,
    env: place.env,
    backends: { opencode: opencode(), tmux: tmux() },
  })
  until.defer(() => orch.close())
  return orch
}

async function spawnMany(orch: Orch, count: number, options: SpawnOptions): Promise<void> {
  let left = count
  const worker = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1
      await spawn(orch, options)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

/** A status once the end of every turn is recorded, with what it asked the server. */
async function recordedStatus(
  place: Place,
  proxy: CountingProxy,
): Promise<{ json: unknown; requests: Record<string, number>; processes: string[][] }> {
  const { agents } = await place.json<StatusDocument>('status')
  expect(await place.json('wait', '--until', 'idle', ...agents.map(({ id }) => id))).toMatchObject({ code: 0 })
  expect(await place.json('status')).toMatchObject({ counts: { idle: agents.length } })
  proxy.forget()
  const { json, processes, code } = await countedRun(place, 'status', '--json')
  expect(code).toBe(0)
  return { json, processes, requests: proxy.counts() }
}
