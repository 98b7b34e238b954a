import { describe, expect, it } from '@jest/globals'
import { changeLabels, matchesLabels, parseLabels, parseSelectors } from '../src/labels.ts'

const LABELS = { team: 'api', urgent: '', 'app/tier': 'v1.2' }

describe('parseLabels()', () => {
  it('takes key=value, a value may be empty, and with removable key-', () => {
    expect(parseLabels(['team=api', 'urgent=', 'app/tier=v1.2'])).toEqual(LABELS)
    expect(parseLabels(['team=api', 'urgent-', 'a-b-'], { removable: true })).toEqual({
      team: 'api',
      urgent: null,
      'a-b': null,
    })
    expect(Object.entries(parseLabels(['constructor=x']))).toEqual([['constructor', 'x']])
  })

  it.each([
    'team',
    '=api',
    'team-',
    '-team=api',
    'team=-api',
    'team=a b',
    'team=a,b',
    'team=a=b',
    'te am=api',
    '!team=api',
    '__proto__=x',
    'team=\n',
    'team=\x1b[31m',
    `${'k'.repeat(64)}=v`,
    `k=${'v'.repeat(64)}`,
  ])('refuses %j', (word) => {
    expect(() => parseLabels([word])).toThrow(expect.objectContaining({ code: 'USAGE', hint: expect.any(String) }))
  })

  it('refuses a key with two values, and takes the same label twice', () => {
    expect(() => parseLabels(['a=1', 'a=2'])).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(parseLabels(['a=1', 'a=1'])).toEqual({ a: '1' })
  })
})

describe('changeLabels()', () => {
  it('sets, takes away and leaves the rest, sorted by key', () => {
    const labels = changeLabels(LABELS, { zone: 'a', urgent: null, team: 'web', never: null })
    expect(Object.entries(labels)).toEqual([
      ['app/tier', 'v1.2'],
      ['team', 'web'],
      ['zone', 'a'],
    ])
  })

  it('refuses what is no label, and too many', () => {
    expect(() => changeLabels({}, { 'a b': 'c' })).toThrow(expect.objectContaining({ code: 'USAGE' }))
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 'v']))
    expect(() => changeLabels({}, many)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})

describe('matchesLabels()', () => {
  it.each<readonly [selectors: readonly string[], matches: boolean]>([
    [['team=api'], true],
    [['team==api'], true],
    [['team=web'], false],
    [['team=ap'], false],
    [['team!=api'], false],
    [['team!=web'], true],
    [['other!=web'], true],
    [['team'], true],
    [['!team'], false],
    [['other'], false],
    [['!other'], true],
    [['urgent'], true],
    [['urgent='], true],
    [['urgent!='], false],
    [['team='], false],
    [['app/tier=v1.2'], true],
    [['team=api,urgent'], true],
    [['team=api, !urgent'], false],
    [['team=api', 'urgent'], true],
    [['team=api', 'other'], false],
    [['constructor'], false],
    [['!constructor'], true],
  ])('%j: %j', (selectors, matches) => {
    expect(matchesLabels(LABELS, parseSelectors(selectors))).toBe(matches)
  })

  it.each([
    '',
    ',',
    'team,',
    '=api',
    '!',
    '!team=api',
    'team=a=b',
    'a b',
    'team=a b',
    'team in (a)',
    '!!team',
    'team!api',
  ])('is refused the selector %j', (selector) => {
    expect(() => parseSelectors([selector])).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.any(String) }),
    )
  })
})
