import { describe, expect, it } from '@jest/globals'
import { sanitize, sanitizeExceptColors } from '../src/sanitize.ts'

describe('sanitize()', () => {
  it.each([
    ['plain text', 'a\tb\nc', 'a\tb\nc'],
    ['unicode and emoji', 'naïve 修复 👩‍💻 e\u0301', 'naïve 修复 👩‍💻 e\u0301'],
    ['colours (CSI)', '\x1b[1;31mred\x1b[0m', 'red'],
    ['cursor movement', 'a\x1b[2J\x1b[Hb\x1b[?25lc', 'abc'],
    ['CSI with intermediates', 'a\x1b[0 qb\x1b[!pc', 'abc'],
    ['clipboard (OSC 52), ended by BEL', 'a\x1b]52;c;cm0gLXJm\x07b', 'ab'],
    ['clipboard (OSC 52), ended by ST', 'a\x1b]52;c;cm0gLXJm\x1b\\b', 'ab'],
    ['a link (OSC 8), but not its text', '\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\', 'click'],
    ['a title (OSC 0)', '\x1b]0;title\x07text', 'text'],
    ['DCS', 'a\x1bP1$r0m\x1b\\b', 'ab'],
    ['APC', 'a\x1b_Gf=24;AAAA\x1b\\b', 'ab'],
    ['PM and SOS', 'a\x1b^x\x1b\\b\x1bXy\x1b\\c', 'abc'],
    ['C1 CSI', 'a\x9b31mb', 'ab'],
    ['C1 OSC and ST', 'a\x9d52;c;AAAA\x9cb', 'ab'],
    ['C1 DCS', 'a\x90q\x9cb', 'ab'],
    ['a character set switch', 'a\x1b(0b\x1b)Bc', 'abc'],
    ['a reset', 'a\x1bcb', 'ab'],
    ['bells, backspaces, returns', 'a\x07b\x08c\rd\x00e\x7ff', 'abcdef'],
    ['bidi overrides', 'a\u202eb\u2066c\u200fd\u061ce', 'abcde'],
    ['a sequence inside a sequence', '\x1b[3\x1b[31m1mtext', '31mtext'],
    ['an unterminated CSI', 'a\x1b[31', 'a31'],
    ['an unterminated OSC', 'a\x1b]52;c;cm0gLXJm', 'a'],
    ['a lone ESC', 'a\x1b', 'a'],
    ['many ESC', 'a\x1b\x1b\x1b\x1b[1mb', 'ab'],
    ['a string sequence over several lines', 'a\x1bPq\n#0\n\x1b\\b', 'ab'],
  ])('%s', (_, text, expected) => {
    expect(sanitize(text)).toBe(expected)
  })

  it.each(['\x1b]0;', '\x1bP', '\x1b_', '\x9d0;', '\x90'])(
    'loses no line behind an unterminated string %j',
    (start) => {
      expect(sanitize(`before ${start}hidden\nthe next line\nand more`)).toBe('before \nthe next line\nand more')
    },
  )

  it('never lets a control or bidi character through but newline and tab', () => {
    const pieces = [
      '\x1b',
      '[',
      ']',
      'P',
      '_',
      '^',
      'X',
      '\\',
      '\x07',
      '\x9b',
      '\x9c',
      '\x9d',
      '\x90',
      '0',
      ';',
      'm',
      ' ',
      '?',
      '\n',
      '\t',
      '\r',
      '\x00',
      '\x7f',
      '\u202e',
      'é',
    ]
    let seed = 42
    const next = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff
      return seed >> 8
    }
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: 1 + (next() % 24) }, () => pieces[next() % pieces.length]).join('')
      const clean = sanitize(text)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect({ text, left: /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/.test(clean) }).toEqual({
        text,
        left: false,
      })
      expect({ text, again: sanitize(clean) }).toEqual({ text, again: clean })
    }
  })

  it('comes to an end with hundreds of thousands of sequences that do not', () => {
    for (const piece of ['\x1b]', '\x9d', '\x1bP', '\x90', '\x1b[0', '\x9b;'])
      expect(sanitize(`${piece.repeat(200_000)}\nthe next line`)).toMatch(/\nthe next line$/)
  })
})

describe('sanitizeExceptColors()', () => {
  it.each([
    ['plain text', 'a\tb\nc', 'a\tb\nc'],
    [
      'colours, which end with the text',
      '\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mx',
      '\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mx\x1b[0m',
    ],
    ['the clipboard (OSC 52)', 'a\x1b]52;c;cm0gLXJm\x07\x1b[31mb', 'a\x1b[31mb\x1b[0m'],
    ['a title and a link', '\x1b]0;t\x07\x1b]8;;http://x\x1b\\a\x1b]8;;\x1b\\', 'a'],
    ['cursor movement and erasing', '\x1b[2J\x1b[3;4Ha\x1b[?25l\x1b[6n', 'a'],
    ['what only looks like a colour', '\x1b[>4;2ma\x1b[?4mb\x1b[1 mc', 'abc'],
    ['DCS, APC and C1 controls', 'a\x1bP1$r0m\x1b\\b\x1b_x\x1b\\c\x9b31md\x9d0;t\x9c', 'abcd'],
    ['a colour inside a control string', '\x1b]0;\x1b[31mt\x07', '\x1b[31mt\x1b[0m'],
    ['a sequence inside a sequence', '\x1b[3\x1b[31m1m', '3\x1b[31m1m\x1b[0m'],
    ['a lone ESC, bells and bidi overrides', 'a\x1b\x07\u202eb\r', 'ab'],
  ])('leaves of %s only colours', (_, text, expected) => {
    expect(sanitizeExceptColors(text)).toBe(expected)
  })
})
