import { sanitize } from '@orch/core'
import type { OutputStream } from './io.ts'
import { counted } from './page.ts'

const UNWRAPPED = '\x1b[?7l'
const WRAPPED = '\x1b[?7h'
const BELOW = '\x1b[J'
const REST_OF_LINE = '\x1b[K'

/**
 * Draws texts of several lines on a terminal, each in the place of the one before. Between two of them nothing of the terminal is
 * changed, no screen, no cursor, no mode: whoever ends the process at any time leaves nothing to restore.
 * Returns what is to be written, in one piece.
 */
export function createFrame(stdout: Pick<OutputStream, 'columns' | 'rows'>): (text: string) => string {
  let before: readonly number[] = []
  return (text) => {
    const columns = Math.max(1, stdout.columns ?? 80)
    const lines = fitting(text.replace(/\n$/, '').split('\n'), Math.max(2, (stdout.rows ?? 24) - 1))
    // A terminal that became narrower has wrapped the lines that were too long for it.
    const up = before.reduce((sum, width) => sum + Math.max(1, Math.ceil(Math.min(width, 1000) / columns)), 0)
    before = lines.map((line) => Math.min(columns, [...sanitize(line)].length))
    const drawn = lines.map((line) => `${line}${REST_OF_LINE}\n`).join('')
    return `${UNWRAPPED}${up === 0 ? '' : `\x1b[${up}A\r`}${BELOW}${drawn}${WRAPPED}`
  }
}

function fitting(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines
  return [...lines.slice(0, most - 1), `… ${counted(lines.length - most + 1, 'more line')}`]
}
