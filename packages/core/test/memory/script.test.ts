import { describe, expect, it } from '@jest/globals'
import { parseScript } from '../../src/memory/script.ts'

describe('parseScript()', () => {
  it('reads every marker, in order, and ignores the text around them', () => {
    const text = [
      'Do this: [[answer: one\ntwo]] then [[think: hm]] [[tool: bash | ls -l | a b]]',
      '[[hang: wait]] [[question: Which? | a | b]] [[permission: rm -r]] [[error: no model]] [[exit: 3]]',
    ].join('\n')
    expect(parseScript(text)).toEqual([
      { kind: 'answer', text: 'one\ntwo' },
      { kind: 'think', text: 'hm' },
      { kind: 'tool', name: 'bash', input: 'ls -l', output: 'a b' },
      { kind: 'hang', text: 'wait' },
      { kind: 'question', text: 'Which?', choices: ['a', 'b'] },
      { kind: 'permission', text: 'rm -r', choices: ['allow', 'always', 'deny'] },
      { kind: 'error', text: 'no model' },
      { kind: 'exit', code: 3 },
    ])
  })

  it('reads nothing in a text without markers', () => {
    expect(parseScript('[[unknown: x]] [answer: y] plain')).toEqual([])
  })
})
