import { describe, expect, it } from '@jest/globals'
import {
  isId,
  isOldVersion,
  parseExitFile,
  parseHandle,
  parseLook,
  parseRefusal,
  parseRow,
  parseStat,
  parseTarget,
  signalName,
} from '../src/parse.ts'

const HANDLE = {
  server: { pid: 10, startTime: 20 },
  window: '@1',
  pane: '%1',
  panePid: 30,
  tty: '/dev/pts/1',
  run: 'ns-1',
  log: '/l',
  exit: '/e',
}

const ROW = '@1\t%1\t30\t/dev/pts/1\t1\t3\t\t1795382707\tyes\tns\tns-1\tclaude\tagent'

describe('parseLook()', () => {
  it.each([
    ['no server running on /s\n', 'none'],
    ['error connecting to /s (No such file or directory)\n', 'none'],
    ['error connecting to /s (Permission denied)\n', 'failed'],
    ['server exited unexpectedly\n', 'failed'],
    ['', 'failed'],
  ])('reads %j as %s', (stderr, kind) => {
    expect(parseLook({ code: 1, stdout: '', stderr }).kind).toBe(kind)
  })

  it('reads a server with its panes, and one without any session', () => {
    const server = { version: '3.3a', pid: 10, startTime: 20 }
    expect(parseLook({ code: 0, stdout: `3.3a\t10\t20\n${ROW}\n`, stderr: '' })).toMatchObject({
      server,
      rows: [{ agent: 'agent', program: 'claude' }],
    })
    const empty = parseLook({ code: 1, stdout: '3.3a\t10\t20\n', stderr: 'no current target\n' })
    expect(empty).toEqual({ kind: 'server', server, rows: [] })
  })

  it('fails on a row it does not understand', () => {
    const look = parseLook({ code: 0, stdout: `3.3a\t10\t20\n${ROW}\textra\n`, stderr: '' })
    expect(look).toMatchObject({
      kind: 'failed',
      reason: { code: 'BAD_ANSWER', text: expect.stringContaining('extra') },
    })
  })
})

describe('parseRow()', () => {
  it('reads how a pane ended', () => {
    const exits = ['3\t', '\t9', '\tKILL', '\t'].map((how) => parseRow(ROW.replace('3\t\t', `${how}\t`))?.exit)
    expect(exits).toEqual([
      { code: 3, signal: null },
      { code: null, signal: 'SIGKILL' },
      { code: null, signal: 'SIGKILL' },
      null,
    ])
  })
})

describe('parseExitFile()', () => {
  it.each([
    ['exited 0\n', { code: 0, signal: null }],
    ['exited 143\n', { code: 143, signal: null }],
    ['signal 143\n', { code: null, signal: 'SIGTERM' }],
    ['exited 0', null],
    ['exited\n', null],
    ['', null],
  ])('reads %j', (text, exit) => {
    expect(parseExitFile(text)).toEqual(exit)
  })
})

describe('signalName()', () => {
  it('names numbers, and leaves what has no name', () => {
    expect(['9', 'KILL', 'SIGKILL', '64'].map(signalName)).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIG64'])
  })
})

describe('parseStat()', () => {
  it('reads a process whose name holds brackets, spaces and escapes', () => {
    const fields = 'S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20'
    expect(parseStat(`42 (a) b (\u001b) ${fields}`)).toEqual({
      pid: 42,
      name: 'a) b (?',
      state: 'S',
      parent: 1,
      session: 3,
      terminal: 4,
      started: 777,
    })
    expect(parseStat('')).toBeNull()
  })
})

describe('parseRefusal()', () => {
  it.each([
    ['10.20.a.ns-1.D', 'DEAD'],
    ['10.20.a.ns-1.M', 'COPY_MODE'],
    ['10.20.a.ns-1.DMI', 'DEAD'],
    ['10.20.a.ns-1.B', 'BEGUN'],
    ['10.20.a.ns-1.T', 'DRAFT'],
    ['10.20.a.ns-1.MT', 'COPY_MODE'],
    ['10.20.b.ns-1.', 'IDENTITY'],
    ['10.20.b.ns-2.', 'IDENTITY'],
    ['10.20...', 'GONE'],
    ['11.20.a.ns-1.', 'IDENTITY'],
    ['10.21.a.ns-1.', 'IDENTITY'],
  ])('reads %s as %s', (state, code) => {
    expect(parseRefusal(`REFUSED\t${state}\n`, HANDLE)?.code).toBe(code)
  })

  it('reads nothing else', () => {
    expect([parseRefusal('', HANDLE), parseRefusal('SENT\n', HANDLE)]).toEqual([null, null])
  })
})

describe('what comes from a record', () => {
  it('is a handle only when it is whole', () => {
    expect(parseHandle(HANDLE)).toEqual(HANDLE)
    for (const key of Object.keys(HANDLE)) expect(parseHandle({ ...HANDLE, [key]: null })).toBeNull()
    const hooked = { ...HANDLE, program: 'claude', events: '/v' }
    expect(parseHandle(hooked)).toEqual(hooked)
    expect([parseHandle({ ...hooked, program: 1 }), parseHandle({ ...hooked, events: null })]).toEqual([null, null])
    for (const handle of [null, 'text', [], { sessionId: 'x' }, { ...HANDLE, run: '../x' }, { ...HANDLE, pane: '1' }])
      expect(parseHandle(handle)).toBeNull()
  })

  it('is a target only with an absolute socket', () => {
    expect([{ socket: '/s' }, { socket: 's' }, { url: 'x' }, null, 'x'].map(parseTarget)).toEqual([
      '/s',
      null,
      null,
      null,
      null,
    ])
  })
})

describe('isId()', () => {
  it('lets nothing through that a format or a path acts upon', () => {
    expect(['fix-login-7k3q', 'A_1'].map(isId)).toEqual([true, true])
    expect(['', '-x', '../x', 'a.b', 'a,b', 'a}b', '#{pid}', 'a b', 'a\n', 'x'.repeat(201)].some(isId)).toBe(false)
  })
})

describe('isOldVersion()', () => {
  it('asks for 3.3', () => {
    const versions = ['tmux 1.8', 'tmux 3.2a', 'tmux 3.3', 'tmux 3.3a', 'tmux next-3.6', 'tmux 4.0', 'tmux master']
    expect(versions.map(isOldVersion)).toEqual([true, true, false, false, false, false, false])
  })
})
