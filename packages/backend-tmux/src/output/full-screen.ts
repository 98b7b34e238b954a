import type { Reason } from '@orch/core'
import type { Line } from './output-lines.ts'
import { plainText } from './plain-text.ts'

/** That a program's output is no text that could be read line by line. */
export const FULL_SCREEN: Reason = {
  code: 'FULL_SCREEN',
  text: 'Its program draws on the whole window, which shows this now: "tail --screen" shows all of it, "attach --read-only" follows it',
}

/** Switches to the screen on which programs draw without history, and back (xterm, private modes 47, 1047, 1049). */
const ESC = '\\u001b'
const SWITCH = new RegExp(`${ESC}\\[\\?(?:\\d+;)*(?:47|1047|1049)(?:;\\d+)*([hl])`, 'g')

/** In bytes; one that sets more modes at once is not looked for over the border of two blocks. */
export const LONGEST_SWITCH = 32

/** Whether a program draws on the whole screen after this output; `null` when it does not say. */
export function isFullAfter(bytes: Buffer): boolean | null {
  const last = [...bytes.toString('latin1').matchAll(SWITCH)].at(-1)
  return last === undefined ? null : last[1] === 'h'
}

/** Takes the lines of a log, one after the other, and leaves out what was drawn on the whole screen: that is no text. */
export class FullScreenFilter {
  #isFull: boolean

  /** @param isFull whether a program draws on the whole screen before the first line */
  constructor(isFull: boolean) {
    this.#isFull = isFull
  }

  get isFull(): boolean {
    return this.#isFull
  }

  /** What of a line is text; `null` when it has no part that is. One that is not complete may come again. */
  take(line: Line): Line | null {
    const text = line.bytes.toString('latin1')
    let isFull = this.#isFull
    let kept = ''
    let from = 0
    for (const match of text.matchAll(SWITCH)) {
      if (!isFull) kept += text.slice(from, match.index)
      isFull = match[1] === 'h'
      from = match.index + match[0].length
    }
    if (!isFull) kept += text.slice(from)
    const isTouched = this.#isFull || from > 0
    if (line.final) this.#isFull = isFull
    if (!isTouched) return line
    return plainText(kept).trim() === '' ? null : { ...line, bytes: Buffer.from(kept, 'latin1') }
  }
}
