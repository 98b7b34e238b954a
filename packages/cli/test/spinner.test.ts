import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { hasColors } from '../src/io.ts'
import { createSpinner, type Spinner } from '../src/spinner.ts'

let spinner: Spinner | undefined
afterEach(() => spinner?.stop())

function onTerminal(env: Record<string, string> = {}, { isTTY = true, wanted = true } = {}): { shown(): string } {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 30 })
  let shown = ''
  stderr.on('data', (bytes) => (shown += bytes))
  spinner = createSpinner({ stderr, env }, wanted)
  return { shown: () => shown }
}

describe('createSpinner()', () => {
  it('shows one line that stays one, and takes it away', async () => {
    const { shown } = onTerminal()
    spinner?.say('a\x1b[2J\nvery long text that is wider than the terminal')
    await eventually(() => shown() !== '')
    spinner?.stop()
    await eventually(() => shown().endsWith('\r\x1b[K') && shown().length > 5)
    const frames = shown().split('\r\x1b[K').filter(Boolean)
    expect(frames[0]).toMatch(/^. a very long text that … {2}0s$/)
    expect(frames.every((frame) => [...frame].length < 30)).toBe(true)
  })

  it.each([
    ['no terminal', {}, { isTTY: false }],
    ['a dumb terminal', { TERM: 'dumb' }, {}],
    ['--quiet', {}, { wanted: false }],
  ])('shows nothing with %s', async (_, env: Record<string, string>, how) => {
    const { shown } = onTerminal(env, how)
    spinner?.say('busy')
    const other = spinner
    const seen = onTerminal()
    spinner?.say('busy')
    await eventually(() => seen.shown().includes('busy') && seen.shown().split('\r').length > 2)
    other?.stop()
    expect(shown()).toBe('')
  })

  it('says nothing more once it was stopped, until it is told something', async () => {
    const { shown } = onTerminal()
    spinner?.say('one')
    spinner?.stop()
    spinner?.say('two')
    await eventually(() => shown() !== '')
    expect(shown()).not.toContain('one')
    expect(shown()).toContain('two')
  })
})

describe('hasColors()', () => {
  it.each([
    [true, true, {}],
    [false, false, {}],
    [true, false, { NO_COLOR: '1' }],
    [true, true, { NO_COLOR: '' }],
    [true, false, { TERM: 'dumb' }],
    [false, true, { FORCE_COLOR: '1' }],
    [false, true, { FORCE_COLOR: '1', NO_COLOR: '1', TERM: 'dumb' }],
    [true, false, { FORCE_COLOR: '0' }],
    [true, false, { FORCE_COLOR: 'false' }],
    [false, false, { FORCE_COLOR: '' }],
  ])('terminal %s: %s with %j', (isTTY, expected, env: Record<string, string>) => {
    expect(hasColors({ stdout: Object.assign(new PassThrough(), { isTTY }), env })).toBe(expected)
  })
})
