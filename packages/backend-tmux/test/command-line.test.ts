import { describe, expect, it } from '@jest/globals'
import { commandLine, type Identity, killCommands, nested, sendCommands } from '../src/command-line.ts'
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
    const args = commandLine(world.socket, [
      ['set-option', '-g', '@value', value],
      ['show-options', '-gv', '@value'],
    ])
    expect(world.tmux(...args.slice(2))).toBe(`${value}\n`)
  })
})

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
      ['show-options', '-gv', '@value'],
      ['show-options', '-gv', '@next'],
    ])
    expect(world.tmux(...args.slice(2))).toBe(`${value}\ndone\n`)
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
