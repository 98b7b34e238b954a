import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { parseHookEvent } from '../../src/hooks/hook-event.ts'
import { HOOK_SCRIPT } from '../../src/hooks/hook-script.ts'

const scope = perTest()
let events: string
let script: string

beforeEach(async () => {
  const { path } = await scope.use(temporaryFolder())
  events = join(path, "it's events")
  script = join(path, 'hook.sh')
  mkdirSync(events)
  writeFileSync(script, HOOK_SCRIPT)
})

/** Runs the script as a program does. */
function start(how: string, fields: object | string, run = 'ns-1'): { child: ChildProcess; said: Promise<string> } {
  const child = spawn('/bin/sh', [script, events, how], { env: { PATH: process.env.PATH, ORCH_TMUX_RUN: run } })
  scope.defer(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  child.stdin?.end(typeof fields === 'string' ? fields : JSON.stringify(fields))
  const said = once(child, 'close').then(() => {
    expect(child.exitCode).toBe(0)
    return text
  })
  said.catch(() => {})
  return { child, said }
}

const told = (name: string, rest: object = {}): object => ({ hook_event_name: name, ...rest })
const lines = (): string[] => readFileSync(join(events, 'ns-1'), 'utf8').split('\n').slice(0, -1)
const pipes = (): string[] => readdirSync(events).filter((name) => name.endsWith('.ask'))

describe('the hook script', () => {
  it('adds one line, with the time', async () => {
    const before = Date.now()
    expect(await start('whole', `${JSON.stringify(told('Stop'), null, 2)}\n`).said).toBe('')
    const [event] = lines().map(parseHookEvent)
    expect(event).toMatchObject({ name: 'Stop', fields: told('Stop') })
    expect(event?.at).toBeGreaterThanOrEqual(before)
    expect(event?.at).toBeLessThanOrEqual(Date.now())
    expect(readdirSync(events)).toEqual(['ns-1', 'ns-1.program'])
  })

  it('keeps events of any length whole that come side by side', async () => {
    const sizes = [10, 5_000, 70_000, 300_000, 1_000_000]
    const prompts = Array.from({ length: 20 }, (_, index) => `${index} ${'x'.repeat(sizes[index % 5] as number)}`)
    await Promise.all(prompts.map((prompt) => start('whole', told('UserPromptSubmit', { prompt })).said))
    expect(
      lines()
        .map((line) => parseHookEvent(line)?.fields.prompt)
        .sort(),
    ).toEqual(prompts.toSorted())
  })

  it('keeps only the beginning of what may be large', async () => {
    await start('beginning', told('PostToolUse', { tool_name: 'Bash', tool_response: 'y'.repeat(500_000) })).said
    const [line = ''] = lines()
    expect(line.length).toBeLessThan(2_100)
    expect(parseHookEvent(line)).toMatchObject({ name: 'PostToolUse', call: expect.stringContaining('Bash') })
  })

  it('waits for an answer to what is asked, and says it to the program', async () => {
    const asking = start('ask', told('PermissionRequest'))
    const [name] = await eventually(() => pipes().length > 0 && pipes(), { what: 'the pipe' })
    const line = await eventually(() => lines().at(-1), { what: 'the line' })
    expect(name).toBe(`ns-1.${parseHookEvent(line)?.id}.ask`)
    const pipe = await eventually(() => openForWriting(join(events, name as string)), { what: 'a reader' })
    await pipe.writeFile('{"decision":"allow"}')
    await pipe.close()
    expect(await asking.said).toBe('{"decision":"allow"}')
    expect(pipes()).toEqual([])
  })

  it('ends the waiting for requests that are over with the next thing that is told', async () => {
    const asking = start('ask', told('PermissionRequest'))
    await eventually(() => pipes().length > 0, { what: 'the pipe' })
    const other = start('ask', told('PermissionRequest'), 'ns-2')
    await eventually(() => pipes().length > 1, { what: 'the pipe of another run' })
    await start('whole', told('Stop')).said
    expect(await asking.said).toBe('')
    expect(pipes().map((name) => name.slice(0, 4))).toEqual(['ns-2'])
    await start('whole', told('Stop'), 'ns-2').said
    await other.said
  })

  describe('of a process that is not the program', () => {
    /** Tells of something in a shell of its own, which lives until its input ends. @param root the run's first process */
    function other(name: string, root: number): { told: Promise<unknown>; end(): Promise<unknown> } {
      const line = `echo '{"hook_event_name":"${name}"}' | /bin/sh "$1" "$2" whole; echo told; read -r end`
      const env = { PATH: process.env.PATH, ORCH_TMUX_RUN: 'ns-1', ORCH_TMUX_PROGRAM: String(root) }
      const child = spawn('/bin/sh', ['-c', line, 'sh', script, events], { env })
      scope.defer(() => child.kill('SIGKILL'))
      const closed = once(child, 'close')
      return {
        told: once(child.stdout, 'data'),
        end() {
          child.stdin.end()
          return closed
        },
      }
    }
    const names = (): unknown[] => lines().map((line) => parseHookEvent(line)?.name)

    it('keeps nothing while the program lives, and lets no request of it go', async () => {
      const asking = start('ask', told('PermissionRequest'))
      await eventually(() => pipes().length > 0, { what: 'the pipe' })
      const child = other('Stop', process.pid)
      await child.told
      await child.end()
      expect(names()).toEqual(['PermissionRequest'])
      expect(pipes()).toHaveLength(1)
      await start('whole', told('Stop')).said
      await asking.said
      expect(names()).toEqual(['PermissionRequest', 'Stop'])
    })

    it('is kept after the end of the program where the first process of the run is seen', async () => {
      const first = other('SessionStart', process.pid)
      await first.told
      await first.end()
      const hidden = other('Hidden', 2 ** 30)
      await hidden.told
      await hidden.end()
      const next = other('Stop', process.pid)
      await next.told
      await next.end()
      expect(names()).toEqual(['SessionStart', 'Stop'])
    })
  })

  it.each(['', '../x', 'a b', 'a;b'])('keeps nothing for %j, which is no run', async (run) => {
    await start('whole', told('Stop'), run).said
    expect(readdirSync(events)).toEqual([])
  })
})

async function openForWriting(path: string): ReturnType<typeof open> {
  return open(path, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined as never)
}
