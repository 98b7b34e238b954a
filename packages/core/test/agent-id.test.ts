import { describe, expect, it } from '@jest/globals'
import { createAgentId, isAgentId } from '../src/agent-id.ts'

const slug = (text: string): string => createAgentId(text).replace(/-[a-z0-9]{4}$/, '')

describe('createAgentId()', () => {
  it.each([
    ['Fix login redirect', 'fix-login-redirect'],
    ['Fix the login of the user page now', 'fix-the-login-of-the'],
    ['  Ünïcödé: naïve café!  ', 'unicode-naive-cafe'],
    ['修复登录', 'agent'],
    ['🎉🎉', 'agent'],
    ['', 'agent'],
    ['../../etc/passwd', 'etc-passwd'],
    ['--force', 'force'],
    ['a\nb\0c', 'a-b-c'],
    ['supercalifragilistic expialidocious and more', 'supercalifragilistic-expialidocious-and'],
    ['x'.repeat(100), 'x'.repeat(40)],
    [`fix ${'x'.repeat(100)}`, 'fix'],
  ])('makes a slug of %j', (text, expected) => {
    expect(slug(text)).toBe(expected)
  })

  it('keeps a text that is a slug already, whatever its number of words', () => {
    expect(slug('one-two-three-four-five-six-seven')).toBe('one-two-three-four-five-six-seven')
  })

  it('always makes a valid id', () => {
    for (let seed = 0; seed < 2_000; seed++) {
      const text = String.fromCodePoint(
        ...Array.from({ length: 1 + (seed % 60) }, (_, i) => (seed * 7919 + i * 104_729) % 0xd7ff),
      )
      expect(isAgentId(createAgentId(text))).toBe(true)
    }
  })

  it('makes another id each time', () => {
    const ids = new Set(Array.from({ length: 200 }, () => createAgentId('same')))
    expect(ids.size).toBeGreaterThan(190)
  })
})

describe('isAgentId()', () => {
  it.each(['a', 'a1', 'fix-login-7k3q', '7', 'a'.repeat(64), 'a--b'])('accepts %s', (text) => {
    expect(isAgentId(text)).toBe(true)
  })

  it.each([
    '',
    '.',
    '..',
    '../a',
    '/a',
    'a/b',
    'a\\b',
    'A',
    'a_b',
    'a b',
    '-a',
    'a-',
    'a\n',
    '\na',
    'a\0',
    'ä',
    'a'.repeat(65),
    '@last',
  ])('refuses %j', (text) => {
    expect(isAgentId(text)).toBe(false)
  })
})
