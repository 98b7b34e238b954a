import { sanitize } from '@orch/core'

/** The characters of a terminal's line drawing set, from "`" to "~" (VT100). */
const DRAWING = '◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·'

const LOOK = '\\u001b\\[([\\d;:]*)m'
const LOOKS = new RegExp(LOOK, 'g')
const LETTERS = new RegExp(`${LOOK}|[\`-~]`, 'g')
const [SHIFT_OUT, SHIFT_IN] = ['\\u000e', '\\u000f']
const DRAWN = new RegExp(`${SHIFT_OUT}([^${SHIFT_IN}]*)${SHIFT_IN}?`, 'g')
const RESET = '\u001b[0m'

/**
 * The rows of a screen that tmux printed with its colours, without the empty ones below. tmux says how text looks only where
 * that changes: here each row stands for itself, so that it looks the same wherever it is shown.
 */
export function rowsOfScreen(lines: readonly string[]): string[] {
  const looks = new Map<string, string>()
  const rows = lines.map((line) => {
    const before = [...looks.values()].join('')
    for (const [look, parameters = ''] of line.matchAll(LOOKS)) {
      if (/^0?(;|$)/.test(parameters)) looks.clear()
      if (/^[34]9$/.test(parameters)) looks.delete(kindOf(parameters))
      else if (!/^0?$/.test(parameters)) looks.set(kindOf(parameters), look)
    }
    const row = before + drawn(line)
    return looks.size === 0 ? row : row + RESET
  })
  return rows.slice(0, rows.findLastIndex((row) => sanitize(row).trim() !== '') + 1)
}

/** What a look replaces: the color of the text, that behind it, or one of its own kind. */
function kindOf(parameters: string): string {
  const first = Number.parseInt(parameters, 10)
  if ((first >= 30 && first <= 39) || (first >= 90 && first <= 97)) return 'text'
  return (first >= 40 && first <= 49) || (first >= 100 && first <= 107) ? 'behind' : parameters
}

/** Lines and corners, which stand as letters between two shifts. */
function drawn(line: string): string {
  return line.replace(DRAWN, (_, letters: string) =>
    letters.replace(LETTERS, (letter) =>
      letter.length > 1 ? letter : (DRAWING[letter.charCodeAt(0) - 0x60] ?? letter),
    ),
  )
}
