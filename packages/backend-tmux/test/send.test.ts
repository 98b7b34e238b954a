import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { tmux } from '@orch/backend-tmux'
import type { AgentRef, Receipt } from '@orch/core'
import { countingTmux } from './support/counting-tmux.ts'
import { eventually, nodeProgram, systemProgram, World } from './support/world.ts'

const TEXTS = [
  'C-c',
  'Enter',
  'echo one; echo two;',
  ';',
  '\\;',
  '-t %0 -X',
  '#(touch hostile) #{pid} #[fg=red] ##',
  '$(touch hostile) `date` $HOME !! ~ \\n \\',
  '"double" \'single\'',
  'first\nsecond\n\n\tfourth with a tab\n',
  'é 漢字 \u{1F984} e\u0301 \u{1F469}\u200D\u{1F467} \u0085\u009b',
  '   spaces   ',
]

const send = (world: World, agent: AgentRef, text: string): Promise<Receipt> =>
  world.backend.send(agent, { id: 'm', text }, world.signal)

const paneOf = ({ handle }: AgentRef): string => (handle as { pane: string }).pane

async function rawLog(world: World, mode: 'bracketed' | 'plain' = 'plain'): Promise<AgentRef> {
  const agent = await world.create(nodeProgram('raw-log.mjs', ['log', mode]))
  await world.output(agent, 'READY')
  return agent
}

/** What the program must have got after these texts; it must not get more, so a last text closes the comparison. */
async function got(world: World, expected: string): Promise<string> {
  return (await world.loggedBytes('log', Buffer.byteLength(expected))).toString()
}

describe('send()', () => {
  it('types texts byte for byte into a program without bracketed paste', async () => {
    await using world = new World()
    const agent = await rawLog(world)
    for (const text of TEXTS)
      expect(await send(world, agent, text)).toMatchObject({ delivery: 'accepted', reason: null })
    const expected = TEXTS.map((text) => `${text}\r`).join('')
    expect(await got(world, expected)).toBe(expected)
  })

  it('types texts byte for byte into a program with bracketed paste, each as one', async () => {
    await using world = new World()
    const agent = await rawLog(world, 'bracketed')
    for (const text of TEXTS) await send(world, agent, text)
    const expected = TEXTS.map((text) => `\u001b[200~${text}\u001b[201~\r`).join('')
    expect(await got(world, expected)).toBe(expected)
  })

  it('types lines into a program that reads lines', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('sh', ['-c', 'echo READY; exec cat >"$FIXTURE_FOLDER/log"']))
    await world.output(agent, 'READY')
    for (const text of TEXTS) await send(world, agent, text)
    const expected = TEXTS.map((text) => `${text}\n`).join('')
    expect(await got(world, expected)).toBe(expected)
  })

  it('types a megabyte whole', async () => {
    await using world = new World()
    const agent = await rawLog(world, 'bracketed')
    const text = `${'0123456789 é漢\u{1F984} '.repeat(50)}\n`.repeat(1_000)
    await send(world, agent, text)
    const expected = `\u001b[200~${text}\u001b[201~\r`
    expect((await got(world, expected)) === expected).toBe(true)
  })

  it('types half a million empty lines', async () => {
    await using world = new World()
    const agent = await rawLog(world, 'bracketed')
    const text = `x${'\n'.repeat(500_000)}x`
    expect(await send(world, agent, text)).toMatchObject({ delivery: 'accepted' })
    expect((await got(world, `\u001b[200~${text}\u001b[201~\r`)).length).toBe(text.length + 13)
  })

  it.each([
    ['of a pipeful', 30_000],
    ['longer than a pipe', 1_000_000],
  ])('types a text %s whole or not at all when the sender is killed', async (_, length) => {
    await using world = new World()
    const agent = await rawLog(world, 'bracketed')
    const text = 'x'.repeat(length)
    world.freeze()
    const host = { ...world.host, env: { PATH: process.env.PATH } }
    const script = fileURLToPath(new URL('fixtures/send-and-wait.ts', import.meta.url))
    const args = ['--import', 'tsx', script, JSON.stringify(host), JSON.stringify(agent), String(length)]
    const sender = spawn(process.execPath, args, { stdio: 'inherit' })
    await eventually(
      'the call that waits',
      () => world.leftovers().some((line) => line.includes(' load-buffer')) || undefined,
    )
    sender.kill('SIGKILL')
    await once(sender, 'exit')
    world.thaw()
    await eventually(
      'the end of the call',
      () => !world.leftovers().some((line) => line.includes(' load-buffer')) || undefined,
    )
    await send(world, agent, 'end')
    const log = await eventually('the end', () => {
      const seen = world.logged('log').toString()
      return seen.includes('end') ? seen : undefined
    })
    expect(['', `\u001b[200~${text}\u001b[201~\r`]).toContain(log.slice(0, log.lastIndexOf('\u001b[200~')))
  })

  it('delivers the same text twice when it is sent twice', async () => {
    await using world = new World()
    const agent = await rawLog(world)
    await send(world, agent, 'yes')
    await send(world, agent, 'yes')
    expect(await got(world, 'yes\ryes\r')).toBe('yes\ryes\r')
  })

  it('keeps the texts of twenty senders at once whole', async () => {
    await using world = new World()
    const agent = await rawLog(world, 'bracketed')
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}\n${String(index).repeat(3_000)}`)
    await Promise.all(texts.map((text) => tmux()(world.host).send(agent, { id: 'm', text }, world.signal)))
    const pastes = texts.map((text) => `\u001b[200~${text}\u001b[201~\r`)
    const log = (await got(world, pastes.join(''))).split('\r').map((paste) => `${paste}\r`)
    expect(log.slice(0, -1).sort()).toEqual(pastes.sort())
    expect(log.at(-1)).toBe('\r')
  })

  it.each([
    ['\u0003', 'U+0003'],
    ['a\u001b[201~b', 'U+001B'],
    ['a\rb', 'U+000D'],
    ['a\0b', 'U+0000'],
    ['a\u007f', 'U+007F'],
    ['a\ud800', 'surrogate'],
  ])('refuses %j, naming the character, and types nothing', async (text, name) => {
    await using world = new World()
    const agent = await rawLog(world)
    const receipt = await send(world, agent, text)
    expect(receipt).toMatchObject({
      delivery: 'refused',
      reason: { code: 'UNSENDABLE_TEXT', text: expect.stringContaining(name) },
    })
    await send(world, agent, 'end')
    expect(await got(world, 'end\r')).toBe('end\r')
  })

  it('refuses a line that a terminal in canonical mode would cut, and takes the longest it would not', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('sh', ['-c', 'echo READY; exec cat >"$FIXTURE_FOLDER/log"']))
    await world.output(agent, 'READY')
    expect(await send(world, agent, `short\n${'x'.repeat(4_096)}`)).toMatchObject({
      delivery: 'refused',
      reason: { code: 'LINE_TOO_LONG' },
    })
    const longest = 'x'.repeat(4_095)
    expect(await send(world, agent, longest)).toMatchObject({ delivery: 'accepted' })
    expect(await got(world, `${longest}\n`)).toBe(`${longest}\n`)
  })

  it('refuses while somebody scrolls in the window, and types afterwards', async () => {
    await using world = new World()
    const agent = await rawLog(world)
    world.tmux('copy-mode', '-t', paneOf(agent))
    expect(await send(world, agent, 'swallowed')).toMatchObject({ delivery: 'refused', reason: { code: 'COPY_MODE' } })
    world.tmux('copy-mode', '-q', '-t', paneOf(agent))
    expect(await send(world, agent, 'typed')).toMatchObject({ delivery: 'accepted' })
    expect(await got(world, 'typed\r')).toBe('typed\r')
    expect(world.tmux('list-buffers')).toBe('')
  })

  it('refuses a window whose input is switched off', async () => {
    await using world = new World()
    const agent = await rawLog(world)
    world.tmux('select-pane', '-d', '-t', paneOf(agent))
    expect(await send(world, agent, 'lost')).toMatchObject({ delivery: 'refused', reason: { code: 'INPUT_OFF' } })
  })

  it('refuses a dead window, which would crash the server', async () => {
    await using world = new World()
    const other = await rawLog(world)
    const agent = await world.create(systemProgram('true', []))
    await eventually(
      'the dead pane',
      () => /^1/m.test(world.tmux('display-message', '-p', '-t', paneOf(agent), '#{pane_dead}')) || undefined,
    )
    expect(await send(world, agent, 'hello')).toMatchObject({ delivery: 'refused', reason: { code: 'DEAD' } })
    expect(await send(world, other, 'alive')).toMatchObject({ delivery: 'accepted' })
    expect(world.tmux('list-buffers')).toBe('')
  })

  it('refuses a window that is gone, and one of the next server with the same number', async () => {
    await using world = new World()
    const agent = await rawLog(world)
    const closed = await world.create(systemProgram('cat', []))
    world.tmux('kill-pane', '-t', paneOf(closed))
    expect(await send(world, closed, 'hello')).toMatchObject({ delivery: 'refused', reason: { code: 'GONE' } })
    await world.killServer()
    expect(await send(world, agent, 'hello')).toMatchObject({ delivery: 'refused', reason: { code: 'GONE' } })
    const heir = await world.create(nodeProgram('raw-log.mjs', ['heir']))
    expect(paneOf(heir)).toBe(paneOf(agent))
    await world.output(heir, 'READY')
    expect(await send(world, agent, 'hello')).toMatchObject({ delivery: 'refused', reason: { code: 'IDENTITY' } })
    await send(world, heir, 'mine')
    expect((await world.loggedBytes('heir', 5)).toString()).toBe('mine\r')
  })

  it('refuses a window that has another tag', async () => {
    await using world = new World()
    const agent = await rawLog(world)
    world.tmux('set-option', '-p', '-t', paneOf(agent), '@orch_agent_id', 'someone')
    expect(await send(world, agent, 'hello')).toMatchObject({ delivery: 'refused', reason: { code: 'IDENTITY' } })
  })

  it('says that it does not know when the server is mute', async () => {
    await using world = new World()
    const agent = await rawLog(world)
    world.freeze()
    const receipt = await send(world, agent, 'perhaps')
    world.thaw()
    expect(receipt).toMatchObject({ delivery: 'unconfirmed', reason: { code: 'NO_ANSWER' } })
  })

  it('says that it does not know when the server dies meanwhile', async () => {
    await using world = new World()
    const agent = await rawLog(world)
    const pid = world.serverPid
    world.freeze()
    const sending = send(world, agent, 'perhaps')
    await eventually(
      'the call that waits',
      () => world.leftovers().some((line) => line.includes('load-buffer')) || undefined,
    )
    process.kill(pid, 'SIGKILL')
    expect(await sending).toMatchObject({ delivery: 'unconfirmed', reason: { code: 'NO_ANSWER' } })
  })

  it('starts one tmux process, or two for an agent whose record has no handle', async () => {
    await using world = new World()
    const agent = await rawLog(world)
    const { backend, calls } = countingTmux(world)
    await backend.send(agent, { id: 'm', text: 'one' }, world.signal)
    expect(calls()).toBe(1)
    await backend.send({ ...agent, handle: null }, { id: 'm', text: 'two' }, world.signal)
    expect(calls()).toBe(2)
    expect(await got(world, 'one\rtwo\r')).toBe('one\rtwo\r')
  })
})

describe('begin()', () => {
  it('gives a task once, however often it is tried', async () => {
    await using world = new World()
    const agent = await world.create(nodeProgram('agent.mjs', [], 'send'))
    const message = { id: 'm', text: 'line one\nline two' }
    const tries = Array.from({ length: 4 }, () => world.backend.begin(agent, message, world.signal))
    const receipts = await Promise.all(tries)
    expect(receipts.map(({ delivery }) => delivery)).toEqual(Array(4).fill('accepted'))
    expect(receipts.filter(({ reason }) => reason?.code === 'BEGUN')).toHaveLength(3)
    await send(world, agent, 'next')
    const record = `${agent.id}.received`
    await world.loggedBytes(record, JSON.stringify('line one\nline two').length + JSON.stringify('next').length + 2)
    const log = world
      .logged(record)
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(log).toEqual(['line one\nline two', 'next'])
  })

  it('waits until the program listens, however long it loads', async () => {
    await using world = new World()
    const script = 'until [ -e "$FIXTURE_FOLDER/go" ]; do :; done; exec "$0" "$@"'
    const program = nodeProgram('raw-log.mjs', ['log', 'bracketed'], 'send')
    const agent = await world.create({
      ...program,
      command: 'sh',
      args: ['-c', script, program.command, ...program.args],
    })
    const beginning = world.backend.begin(agent, { id: 'm', text: 'a\nb' }, world.signal)
    writeFileSync(join(world.folder, 'go'), '')
    expect(await beginning).toMatchObject({ delivery: 'accepted' })
    expect(await got(world, '\u001b[200~a\nb\u001b[201~\r')).toBe('\u001b[200~a\nb\u001b[201~\r')
  })
})
