import { describe, expect, it } from '@jest/globals'
import { age, ago, span } from '../src/age.ts'
import { createPage, oneLine, styled } from '../src/page.ts'

describe('createPage()', () => {
  it('writes colours only where there are any', () => {
    const settings = { interactive: true, columns: null, now: 0 }
    const plain = createPage({ ...settings, colors: false })
    const bright = createPage({ ...settings, colors: true })
    for (const page of [plain, bright]) page.line(styled('red', 'failed'), ' so')
    expect(plain.take().answer).toBe('failed so\n')
    expect(bright.take().answer).toBe('\x1b[31mfailed\x1b[0m so\n')
  })

  it('cleans what is styled as well as what is not', () => {
    const page = createPage({ interactive: true, colors: true, columns: null, now: 0 })
    page.line(styled('red', 'a\x1b[2J'), '\x1b[2Jb')
    page.note('c\x1b[2J')
    expect(page.take()).toEqual({ answer: '\x1b[31ma\x1b[0mb\n', talk: 'c\n' })
  })

  it('is empty after take()', () => {
    const page = createPage({ interactive: false, colors: false, columns: null, now: 0 })
    page.text('x')
    page.take()
    expect(page.take()).toEqual({ answer: '', talk: '' })
  })
})

describe('oneLine()', () => {
  it('makes one line of many', () => {
    expect(oneLine(' a\r\n\tb \n')).toBe('a b')
  })

  it('has no control sequences, so that it is as wide as it looks', () => {
    expect(oneLine('\x1b[31ma\x1b[0m\x00')).toBe('a')
  })

  it('cuts between characters, not inside them', () => {
    expect(oneLine('👍👍👍👍', 3)).toBe('👍👍…')
    expect(oneLine('abc', 3)).toBe('abc')
  })
})

describe('ago()', () => {
  it('shows the time itself where a clock that was set back does not tell the age', () => {
    const at = '2026-11-22T12:00:00.000Z'
    expect(ago(at, Date.parse(at) + 61_000)).toBe('1m ago')
    expect(ago(at, Date.parse(at) - 61_000)).toBe(at)
  })
})

describe('age()', () => {
  it.each([
    [0, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_999, '59m'],
    [7_200_000, '2h'],
    [86_399_999, '23h'],
    [86_400_000, '1d'],
  ])('%i ms is %s', (ms, text) => {
    expect(span(ms)).toBe(text)
  })

  it('is "-" for a time that is not known', () => {
    expect(age(null, 0)).toBe('-')
    expect(age('yesterday', 0)).toBe('-')
  })

  it('is never negative: it is not known of what lies ahead, but for what a clock is set by itself', () => {
    expect(age('2026-11-22T12:00:00.000Z', 0)).toBe('-')
    expect(age('2026-11-22T12:00:00.000Z', Date.parse('2026-11-22T11:59:58.000Z'))).toBe('0s')
  })
})
