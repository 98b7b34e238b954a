import { describe, expect, it } from '@jest/globals'
import { showsHint } from '../src/shows-hint.ts'

const printed = (row: string): string => `2 1\nabove\n${row}\nbelow\n`

describe('showsHint()', () => {
  it.each([
    ['as codex draws one', '\u001b[1m›\u001b[0m\u001b[39m\u001b[49m \u001b[2mAsk Codex to do anything'],
    ['with the cursor over it', '\u001b[39m❯\u00a0\u001b[7mT\u001b[0;2mry "fix it"\u001b[0m'],
  ])('knows a hint %s', (_, row) => {
    expect(showsHint(printed(row))).toBe(true)
  })

  it.each([
    ['a draft', '\u001b[1m›\u001b[0m half a draft'],
    ['a draft with the cursor over it', '❯\u00a0\u001b[7mh\u001b[27malf a draft'],
    ['a draft of one character', '❯\u00a0\u001b[7mh\u001b[27m'],
    ['a draft in a colour', '❯\u00a0\u001b[38;5;2mhalf a draft'],
    ['a draft behind something faint', '❯ \u001b[2mha\u001b[22mlf'],
    ['nothing', '❯\u00a0'],
  ])('takes %s for none', (_, row) => {
    expect(showsHint(printed(row))).toBe(false)
  })
})
