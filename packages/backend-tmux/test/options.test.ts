import { describe, expect, it } from '@jest/globals'
import { apiVersion, createBackend, tmux } from '@orch/backend-tmux'
import { BACKEND_API_VERSION, type JsonObject } from '@orch/core'

const host = { name: 'tmux', stateDirectory: '/state', namespace: 'abcdefabcdef', env: {} }

describe('createBackend()', () => {
  it.each([
    [{ colums: 100 }, '"colums"'],
    [{ columns: '100' }, '"columns"'],
    [{ columns: 19 }, '"columns"'],
    [{ rows: 10_001 }, '"rows"'],
    [{ historyLines: 1.5 }, '"historyLines"'],
    [{ logBytes: 1000 }, '"logBytes"'],
    [{ keepDays: 0 }, '"keepDays"'],
    [{ command: 7 }, '"command"'],
    [{ command: '' }, '"command"'],
  ])('refuses %j, naming the key', (options: JsonObject, key) => {
    expect(() => createBackend(options)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(key),
        hint: expect.any(String),
      }),
    )
  })

  it('takes every option, and what names the module', () => {
    const options = { module: '@orch/backend-tmux', command: '/usr/bin/tmux', columns: 80, rows: 24, historyLines: 0 }
    expect(createBackend(options)(host).name).toBe('tmux')
  })
})

describe('tmux()', () => {
  it('speaks the contract of this core', () => {
    expect(apiVersion).toBe(BACKEND_API_VERSION)
  })

  it('refuses a number out of range', () => {
    expect(() => tmux({ columns: 1 })).toThrow(RangeError)
  })

  it('opens without touching anything, at a socket of its own', () => {
    const backend = tmux()({ ...host, name: 'mine' })
    expect(backend.target).toEqual({ socket: '/state/mine/s' })
    expect(backend.capabilitiesOf(null)).toEqual(['programs', 'attach', 'screen', 'adopt'])
    expect([typeof backend.resume, backend.server]).toEqual(['function', undefined])
  })

  it('keeps socket paths under a hundred bytes, not characters', () => {
    const short = (stateDirectory: string): string =>
      (tmux()({ ...host, stateDirectory }).target as { socket: string }).socket
    expect(short(`/${'x'.repeat(92)}`)).toBe(`/${'x'.repeat(92)}/tmux/s`)
    expect(short(`/${'x'.repeat(93)}`)).toBe(`/tmp/orch-${process.getuid?.()}/abcdefabcdef-tmux/s`)
    expect(short(`/${'é'.repeat(47)}`)).toBe(`/tmp/orch-${process.getuid?.()}/abcdefabcdef-tmux/s`)
  })
})
