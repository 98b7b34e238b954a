const ESC = '\\u001b'
const ENDS = '\\u0007\\u001b\\u0090\\u0098\\u009c-\\u009f'
/** A string sequence up to its end; one that never ends takes at most the rest of its line along. */
const STRING = `(?:[^${ENDS}]*(?:\\u0007|${ESC}\\\\|\\u009c)|[^${ENDS}\\n]*)`
const SEQUENCES = new RegExp(
  [
    `${ESC}\\[[0-?]*[ -/]*[@-~]`,
    `${ESC}[\\]PX^_]${STRING}`,
    `${ESC}[ -/]*[0-~]`,
    '\\u009b[0-?]*[ -/]*[@-~]',
    `[\\u0090\\u0098\\u009d-\\u009f]${STRING}`,
  ].join('|'),
  'g',
)
const CONTROLS = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu

/** Text that cannot move, colour or command a terminal: control sequences and characters are gone, `\n` and `\t` stay. Pure. */
export function sanitize(text: string): string {
  return text.replace(SEQUENCES, '').replace(CONTROLS, '')
}

const EVERYTHING = new RegExp(`${SEQUENCES.source}|${CONTROLS.source}`, 'gu')
const COLOR = new RegExp(`^${ESC}\\[[\\d;:]*m$`)

/** The same, but for what says how text looks (SGR): that stays, and ends with the text. Pure. */
export function sanitizeExceptColors(text: string): string {
  const kept = text.replace(EVERYTHING, (control) => (COLOR.test(control) ? control : ''))
  return kept.includes('\u001b') ? `${kept}\u001b[0m` : kept
}
