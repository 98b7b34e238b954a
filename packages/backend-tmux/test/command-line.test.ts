import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { type Command, commandLine, type GuardedCommand, nested } from '../src/command.ts'
import { type Identity, killCommands, sendCommands } from '../src/command-line.ts'
import { countingTmux } from './support/counting-tmux.ts'
import { systemProgram, World } from './support/world.ts'

const HOSTILE = [
  'plain',
  'two words',
  'ends;',
  'ends\\;',
  ';',
  '\\',
  '#(touch /tmp/orch-hostile) #{pid} ##',
  '"double" \'single\' `back` $HOME ~',
  '-t %0',
  'first\nsecond\n\n  third',
  '\ttab',
  '{ kill-server }',
  'é 漢字 \u{1F984}',
  '\\n\\101\\u0041',
  '%if 1',
  '',
]

describe('commandLine()', () => {
  it('ends no command at an argument that ends in a semicolon', () => {
    expect(commandLine('/s', [['set-option', '-g', '@a', 'x;'], ['list-panes']])).toEqual([
      '-S',
      '/s',
      '-f',
      '/dev/null',
      '-u',
      'set-option',
      '-g',
      '@a',
      'x\\;',
      ';',
      'list-panes',
    ])
  })

  it.each(HOSTILE)('passes %j unaltered to a real server', async (value) => {
    await using world = new World()
    await world.create(systemProgram('cat', []))
    world.tmux(...commandLine(world.socket, [['set-option', '-g', '@value', value]]).slice(2))
    expect(world.tmux('show-options', '-gv', '@value')).toBe(`${value}\n`)
  })
})

describe('a command', () => {
  it('that acts on a window stands behind a condition, and none ends others or crashes the server', () => {
    const refused: Command[] = [
      // @ts-expect-error A paste into a dead pane crashes the server.
      ['paste-buffer', '-t', '%1'],
      // @ts-expect-error The next window crashes the server.
      ['set-option', '-g', 'window-size', 'manual'],
      // @ts-expect-error It takes every agent along.
      ['kill-server'],
    ]
    const guarded: GuardedCommand[] = [
      ['paste-buffer', '-t', '%1'],
      // @ts-expect-error It crashes the server too.
      ['respawn-pane', '-t', '%1'],
      // @ts-expect-error A condition makes it no better.
      ['set-option', '-g', 'window-size', 'manual'],
    ]
    expect([refused.length, guarded.length]).toEqual([3, 3])
  })

  it('reaches tmux in one way only', async () => {
    await using world = new World()
    const { backend, lines } = countingTmux(world)
    const request = world.request(systemProgram('cat', []))
    const { handle } = await backend.create(request, world.signal)
    const agent = { ...request, handle, facts: null, attempts: [] }
    await backend.observe([agent], world.signal)
    await backend.send(agent, { id: 'm', text: 'kill-server ;' }, world.signal)
    await backend.stop(agent, world.signal)
    const words = lines().map((line) => line.split(' ').slice(0, 6))
    const begin = ['-S', world.socket, '-f', '/dev/null', '-u']
    expect(words).toEqual([
      [...begin, 'start-server'],
      [...begin, 'display-message'],
      [...begin, 'load-buffer'],
      [...begin, 'display-message'],
      [...begin, 'if-shell'],
    ])
    const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
    const starting = sources.filter((name) => /^import \{.* from 'node:child_process'/m.test(sourceOf(name)))
    expect(starting.sort()).toEqual(['client/terminal.ts', 'client/tmux.ts'])
    expect(sourceOf('client/terminal.ts')).not.toContain('tmux')
  })
})

const SOURCES = fileURLToPath(new URL('../src', import.meta.url))

const sourceOf = (name: string): string => readFileSync(join(SOURCES, name), 'utf8')

describe('nested()', () => {
  it.each(HOSTILE)('passes %j unaltered through if-shell of a real server', async (value) => {
    await using world = new World()
    await world.create(systemProgram('cat', []))
    const args = commandLine(world.socket, [
      [
        'if-shell',
        '-F',
        '1',
        nested([
          ['set-option', '-g', '@value', value],
          ['set-option', '-g', '@next', 'done'],
        ]),
      ],
    ])
    world.tmux(...args.slice(2))
    expect(world.tmux('show-options', '-gv', '@value')).toBe(`${value}\n`)
    expect(world.tmux('show-options', '-gv', '@next')).toBe('done\n')
  })
})

describe('sendCommands()', () => {
  it('never carries the text', () => {
    const to = { agent: 'a', run: 'r', pane: '%1', server: { pid: 1, startTime: 2 } }
    expect(
      sendCommands(
        to,
        { buffer: 'buffer', file: '-' },
        { begin: true, empty: { column: 2, row: '^> *$' }, keys: ['Enter'] },
      ),
    ).toMatchSnapshot()
  })
})

describe('killCommands()', () => {
  it('closes a pane only of exactly this agent, run and server', async () => {
    await using world = new World()
    const agent = await world.create(systemProgram('cat', []))
    const { run, pane, server } = agent.handle as unknown as Identity
    const own = { agent: agent.id, run, pane, server }
    const others = [
      { ...own, agent: 'other' },
      { ...own, run: 'other' },
      { ...own, server: { ...server, pid: server.pid + 1 } },
      { ...own, server: { ...server, startTime: server.startTime + 1 } },
    ]
    const closes = (of: Identity): boolean =>
      !world.tmux(...commandLine(world.socket, killCommands(of)).slice(2)).includes(`${pane}\t`)
    expect(others.map(closes)).toEqual([false, false, false, false])
    expect(closes(own)).toBe(true)
  })
})
