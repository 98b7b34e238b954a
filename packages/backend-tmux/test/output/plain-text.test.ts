import { describe, expect, it } from '@jest/globals'
import { plainText } from '../../src/output/plain-text.ts'

describe('plainText()', () => {
  it.each([
    ['plain é 漢 \u{1F984}', 'plain é 漢 \u{1F984}'],
    ['\u001b[1;31mred\u001b[0m', 'red'],
    ['\u001b[?2004h\u001b[?25l$ ', '$ '],
    ['\u001b[38:2::1:2:3mx', 'x'],
    ['a\u001b[5Cb', 'a     b'],
    ['a\u001b[Cb', 'a b'],
    ['a\u001b[999999999Cb', `a${' '.repeat(500)}b`],
    ['\u001b]0;title\u0007text', 'text'],
    ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u001bPq#0;sixel\u001b\\after', 'after'],
    ['\u001b_apc\u001b\\\u001b^pm\u001b\\\u001bXsos\u001b\\after', 'after'],
    ['\u001b(B\u001b=\u001b7text\u001b8', 'text'],
    ['\u009b31mred\u009d0;title\u009ctext', 'redtext'],
    ['text\r', 'text'],
    ['text\r\r', 'text'],
    ['10%\r20%\r100%\r', '100%'],
    ['⠋ working\r\u001b[K', ''],
    ['⠋ working\u001b[2Kdone', 'done'],
    ['abc\u001b[1Gxyz', 'xyz'],
    ['abc\b\b\bxyz', 'xyz'],
    ['\b\bx', 'x'],
    ['\u{1F984}\bx', 'x'],
    ['bell\u0007 nul\0 del\u007f nel\u0085.', 'bell nul del nel.'],
    ['tab\tstays', 'tab\tstays'],
    ['cut \u001b[31', 'cut '],
    ['cut \u001b', 'cut '],
    ['cut \u001b]0;tit', 'cut '],
    ['\u001b\u001b[31mx', 'x'],
    ['\u001b]0;a\u001b[31mb', 'b'],
    ['', ''],
  ])('turns %j into %j', (line, text) => {
    expect(plainText(line)).toBe(text)
  })

  it('leaves no control character but TAB in any mixture', () => {
    const parts = [
      '\u001b',
      '[',
      ']',
      '\u009b',
      '\u0090',
      '3',
      '1',
      ';',
      'm',
      'P',
      '\\',
      '\u0007',
      '\r',
      '\b',
      'x',
      '\u001b[',
      'é',
    ]
    let seed = 7
    for (let round = 0; round < 20_000; round += 1) {
      let line = ''
      for (let length = 0; length < 8; length += 1) {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
        line += parts[seed % parts.length]
      }
      expect(plainText(line)).not.toMatch(/[^\t\P{Cc}]/u)
    }
  })
})
