import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { awaitHook } from '../../src/hooks/await-hook.ts'
import { decideTurn } from '../../src/hooks/decide-turn.ts'
import { endOfEvents, eventsAfter } from '../../src/hooks/event-parts.ts'
import { HOOK_SCRIPT } from '../../src/hooks/hook-script.ts'
import { readEvent, readEvents, transcriptFinder } from '../../src/hooks/look-at-hooks.ts'
import { PART_BYTES, setLongEventsAside } from '../../src/hooks/set-events-aside.ts'
import { watchHooks } from '../../src/hooks/watch-hooks.ts'
import type { Handle } from '../../src/parse.ts'
import { RunTranscripts } from '../../src/transcripts/run-transcripts.ts'

const scope = perTest()
let folder: string
let file: string
let count: number

beforeEach(async () => {
  folder = (await scope.use(temporaryFolder())).path
  file = join(folder, 'run')
  count = 0
})

const lineOf = (name: string, fields: object = {}): string =>
  `${1000 + count++}-7 ${JSON.stringify({ ...fields, hook_event_name: name })}\n`
const tell = (name: string, fields: object = {}): void => appendFileSync(file, lineOf(name, fields))
const setAside = (): void => setLongEventsAside(file, 0)
const namesAfter = (from: ReturnType<typeof endOfEvents> | null): string[] =>
  [...eventsAfter(file, from)].map(({ text }) => /_name":"(\w+)/.exec(text)?.[1] ?? text)

describe('setting long events aside', () => {
  it('leaves what was told, and where it stands, readable', () => {
    for (const name of ['SessionStart', 'UserPromptSubmit', 'PreToolUse']) tell(name)
    const before = readEvents(file)
    setAside()
    expect(readEvents(file)).toEqual(before)
    tell('PostToolUse')
    expect(readEvents(file).map(({ name }) => name)).toEqual([
      'SessionStart',
      'UserPromptSubmit',
      'PreToolUse',
      'PostToolUse',
    ])
    tell('Stop')
    expect(decideTurn(readEvents(file), null).turn.status).toBe('ended')
    expect(readEvent(file, '1001-7')).toMatchObject({ name: 'UserPromptSubmit' })
    expect(readdirSync(folder).sort()).toEqual(['run', 'run.named', 'run.old'])
    expect([file, `${file}.named`].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(['644', '600'])
  })

  it('is done by a look that finds them long, which keeps no more than twice as much', () => {
    tell('SessionStart', { transcript_path: '/one' })
    for (let turn = 0; turn < 3000; turn += 1) {
      tell('UserPromptSubmit', { transcript_path: '/one', prompt: 'x'.repeat(4000) })
      tell('Stop', { transcript_path: '/one' })
      expect(readEvents(file).at(-1)?.name).toBe('Stop')
    }
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size)
    expect(Math.max(...sizes)).toBeGreaterThan(PART_BYTES)
    expect(Math.max(...sizes)).toBeLessThan(PART_BYTES + 10_000)
    expect(sizes.length).toBe(3)
    expect(new RunTranscripts(file).conversations()).toEqual([{ path: '/one', isAsked: true }])
  })

  it('keeps the names of every transcript, in their order, for one who reads on and for one who comes later', () => {
    const early = new RunTranscripts(file)
    const all = {
      conversations: [
        { path: '/one', isAsked: true },
        { path: '/two', isAsked: false },
        { path: '/three', isAsked: true },
      ],
      subagents: ['/sub'],
    }
    for (const { path, isAsked } of all.conversations) {
      tell('SessionStart', { transcript_path: path })
      if (isAsked) tell('UserPromptSubmit', { transcript_path: path })
      if (path === '/one') expect(early.conversations()).toHaveLength(1)
      setAside()
    }
    tell('SubagentStop', { agent_id: 'a', transcript_path: '/three', agent_transcript_path: '/sub' })
    setAside()
    tell('Stop', { transcript_path: '/three' })
    for (const run of [early, new RunTranscripts(file)])
      expect({ conversations: run.conversations(), subagents: run.subagents() }).toEqual(all)
    expect(transcriptFinder({ program: 'claude', events: file } as Handle)()).toBeNull()
    tell('Stop', { session_id: 's', transcript_path: '/three' })
    expect(transcriptFinder({ program: 'claude', events: file } as Handle)()?.path).toBe('/three')
  })

  it('loses nothing behind a place, and tells nothing twice', () => {
    tell('SessionStart')
    const before = endOfEvents(file)
    expect(endOfEvents(`${file}.none`)).toEqual({ file: null, offset: 0 })
    tell('UserPromptSubmit')
    const opened = openSync(file, 'a')
    setAside()
    expect(namesAfter(before)).toEqual(['UserPromptSubmit'])
    expect(endOfEvents(file)).toEqual({ file: null, offset: 0 })
    tell('PreToolUse')
    writeSync(opened, lineOf('Late'))
    closeSync(opened)
    expect(namesAfter(before)).toEqual(['UserPromptSubmit', 'Late', 'PreToolUse'])
    expect(namesAfter(endOfEvents(file))).toEqual([])
    expect(namesAfter(null)).toEqual(['SessionStart', 'UserPromptSubmit', 'Late', 'PreToolUse'])
  })

  it('is seen by one who waits for an event, also where that is added to what was set aside', async () => {
    tell('SessionStart')
    for (const isLate of [false, true]) {
      const after = endOfEvents(file)
      const opened = openSync(file, 'a')
      const find = (events: ReturnType<typeof readEvents>) => events.find(({ name }) => name === 'UserPromptSubmit')
      const awaited = awaitHook({ file, after, timeoutMs: 5000, find }, new AbortController().signal)
      const changes: string[] = []
      const agent = { id: 'a', handle: { events: file, log: join(folder, 'log'), program: 'claude' } as Handle }
      const end = watchHooks([agent], { onChange: (id) => changes.push(id), onGap: () => {} })
      setAside()
      await eventually(() => changes.length > 0, { what: 'the change of names' })
      changes.length = 0
      if (isLate) writeSync(opened, lineOf('UserPromptSubmit'))
      else tell('UserPromptSubmit')
      closeSync(opened)
      expect(await awaited).toMatchObject({ name: 'UserPromptSubmit' })
      await eventually(() => changes.length > 0, { what: 'the change' })
      end()
      if (isLate) tell('Stop')
    }
  })

  it('loses no event of hooks that tell while it is done', async () => {
    const script = join(folder, 'hook.sh')
    writeFileSync(script, HOOK_SCRIPT)
    const env = { PATH: process.env.PATH, ORCH_TMUX_RUN: 'run' }
    for (let round = 0; round < 5; round += 1) {
      tell('SessionStart')
      const start = endOfEvents(file)
      let done = 0
      const hooks = Array.from({ length: 20 }, async (_, nth) => {
        const child = spawn('/bin/sh', [script, folder, 'whole'], { env })
        child.stdin.end(JSON.stringify({ hook_event_name: 'Stop', prompt: nth }))
        await once(child, 'close')
        done += 1
      })
      await eventually(() => done >= 5, { what: 'a quarter of the hooks' })
      setAside()
      await Promise.all(hooks)
      const told = [...eventsAfter(file, start)].map(({ text }) => Number(/"prompt":(\d+)/.exec(text)?.[1]))
      expect(told.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, nth) => nth))
    }
  })

  it('leaves it to one that is at it, and takes over from one that died a minute ago', () => {
    tell('SessionStart')
    writeFileSync(`${file}.moving`, '')
    setAside()
    expect(existsSync(`${file}.old`)).toBe(false)
    utimesSync(`${file}.moving`, 1, 1)
    setAside()
    setAside()
    expect(readdirSync(folder).sort()).toEqual(['run.named', 'run.old'])
  })

  it('says nothing where it cannot be done, and takes the same file under two names for one', () => {
    tell('SessionStart', { transcript_path: '/one' })
    setLongEventsAside(join(folder, 'none/run'), 0)
    expect(readFileSync(file, 'utf8')).toContain('/one')
    writeFileSync(`${file}.old`, readFileSync(file))
    expect(readEvents(file)).toHaveLength(1)
    renameSync(file, `${file}.old`)
    expect(readEvents(file)).toHaveLength(1)
  })
})
