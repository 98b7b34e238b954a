import { describe, expect, it } from '@jest/globals'
import { parseScript } from './script.ts'

describe('parseScript()', () => {
  it('reads markers in order and ignores the text around them', () => {
    expect(parseScript('Do [[think: hm]] then\n[[answer: yes]], [[hold: gate]] and [[hang]].')).toEqual([
      { kind: 'think', text: 'hm' },
      { kind: 'answer', text: 'yes' },
      { kind: 'hold', name: 'gate' },
      { kind: 'hang' },
    ])
  })

  it('keeps pipes and colons of a command and turns \\n into a new line', () => {
    expect(parseScript('[[shell: echo a:b | wc -c]] [[answer: one\\ntwo]]')).toEqual([
      expect.objectContaining({ input: expect.objectContaining({ command: 'echo a:b | wc -c' }) }),
      { kind: 'answer', text: 'one\ntwo' },
    ])
  })

  it('lets the last field hold the separator', () => {
    expect(parseScript('[[write: a.txt | x | y]]')).toEqual([
      { kind: 'tool', tool: 'write', input: { filePath: 'a.txt', content: 'x | y' } },
    ])
  })

  it('reads a marker over several lines', () => {
    expect(parseScript('[[answer: one\ntwo]]')).toEqual([{ kind: 'answer', text: 'one\ntwo' }])
  })

  it('reads what a response is billed', () => {
    expect(parseScript('[[usage: 100, 40, 10, 3]] [[usage: 7]]')).toMatchObject([
      { usage: { promptTokens: 100, cachedTokens: 40, completionTokens: 10, reasoningTokens: 3 } },
      { usage: { promptTokens: 7, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 } },
    ])
  })

  it('fills defaults', () => {
    expect(parseScript('[[slow: 3]] [[error]] [[cut]] [[rate-limit]] [[phase: Testing]]')).toEqual([
      { kind: 'slow', chunks: 3, delayMs: 50 },
      { kind: 'refuse', status: 500, times: Number.POSITIVE_INFINITY },
      { kind: 'cut', times: Number.POSITIVE_INFINITY },
      { kind: 'refuse', status: 429, times: 1, retryAfterSeconds: 1 },
      { kind: 'phase', phase: 'Testing' },
    ])
  })

  it.each([
    ['[[nothing: x]]', 'no such marker'],
    ['[[constructor]]', 'no such marker'],
    ['[[edit: a | b]]', 'it needs 3 fields separated by " | "'],
    ['[[slow: many]]', '"many" is not a number'],
    ['[[tool: x | {]]', 'JSON'],
  ])('refuses %s', (marker, reason) => {
    expect(() => parseScript(marker)).toThrow(reason)
  })
})
