import { describe, expect, it } from '@jest/globals'
import { misreadText, takenOff } from '../../src/programs/misread-text.ts'

describe('misreadText()', () => {
  it.each([
    ['claude', 'exit'],
    ['claude', ' :q! '],
    ['claude', '/help'],
    ['codex', '!ls'],
  ])('says that %s takes %j for a command', (program, text) => {
    expect(misreadText(program, text)).toMatchObject({ code: 'COMMAND_TEXT' })
  })

  it.each([
    ['claude', 'a\tb', 'tab'],
    ['claude', 'e\u0301', 'accents'],
    ['claude', 'a\u2028b', 'line separator'],
    ['claude', 'a\u200bb', 'invisible'],
    ['claude', 'a\u200db', 'invisible'],
    ['claude', 'a\u202eb', 'invisible'],
    ['claude', 'a\u009bb', 'control'],
    ['codex', 'a\u0085b', 'control'],
    ['claude', ' \n ', 'white space'],
    ['codex', ' ', 'white space'],
  ])('says that %s would change %j', (program, text, how) => {
    expect(misreadText(program, text)).toMatchObject({ code: 'ALTERED_TEXT', text: expect.stringContaining(how) })
  })

  it.each([
    ['claude', 'exit the loop; then quit'],
    ['claude', 'שלום \u{1F469}\u200D\u{1F4BB} \u2764\ufe0f 1\ufe0f\u20e3 \u{1F3F4}\u{E0067}\u{E0062}\u{E007F}'],
    ['claude', '\u0645\u06cc\u200c\u062e\u0648 \u0915\u094d\u200d\u0937'],
    ['codex', 'a\tb e\u0301 \u200b \u2028'],
    ['other', '/a\u200b\t'],
  ])('lets %s have %j', (program, text) => {
    expect(misreadText(program, text)).toBeNull()
  })
})

describe('takenOff()', () => {
  it.each([
    ['claude', ' a\n', ' a'],
    ['codex', ' a\n', 'a'],
  ])('says what %s takes off', (program, text, rest) => {
    expect(takenOff(program, text)).toMatchObject({ rest, reason: { code: 'TRIMMED' } })
  })

  it('is nothing for a text without white space at its ends, and for any other program', () => {
    expect([takenOff('codex', 'a b'), takenOff('other', ' a ')]).toEqual([null, null])
  })
})
