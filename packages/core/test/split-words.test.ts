import { describe, expect, it } from '@jest/globals'
import { joinWords, splitWords } from '../src/split-words.ts'

describe('splitWords()', () => {
  it.each([
    ['npm test', ['npm', 'test']],
    ['  npm\ttest\n', ['npm', 'test']],
    [`sh -c 'exit "$1"' x`, ['sh', '-c', 'exit "$1"', 'x']],
    [String.raw`"a \"b\" \\ \n"`, [String.raw`a "b" \ \n`]],
    [String.raw`a\ b c\'d`, ['a b', "c'd"]],
    [`--filter='x y'z ""`, ['--filter=x yz', '']],
    ['a; rm -rf $HOME | `b` && c > d #e', ['a;', 'rm', '-rf', '$HOME', '|', '`b`', '&&', 'c', '>', 'd', '#e']],
  ])('parts %j into words, and nothing of it is a shell', (line, words) => {
    expect(splitWords(line)).toEqual(words)
  })

  it.each(['', ' \n', "a 'b", 'a "b', 'a "b\\"', 'a\\', `'a'"b`])('has no words for %j', (line) => {
    expect(splitWords(line)).toBeNull()
  })
})

describe('joinWords()', () => {
  it.each([
    [['npm', 'test'], 'npm test'],
    [['a', 'b "c'], `a 'b "c'`],
    [['sh', '-c', `it's`, ''], `sh -c 'it'\\''s' ''`],
  ])('shows %j as a line that is read as those words', (words, line) => {
    expect(joinWords(words)).toBe(line)
    expect(splitWords(line)).toEqual(words)
  })
})
