const ESC = '\\u001b'
const SEQUENCES = new RegExp(
  [
    `${ESC}\\[[0-?]*[ -/]*[@-~]`,
    `${ESC}[\\]PX^_][^\\u0007\\u001b\\u009c]*(?:\\u0007|${ESC}\\\\|\\u009c)?`,
    `${ESC}[ -/]*[0-~]`,
    '\\u009b[0-?]*[ -/]*[@-~]',
    '[\\u0090\\u0098\\u009d-\\u009f][^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u009c)?',
  ].join('|'),
  'g',
)
const CONTROLS = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu

/** Text that cannot move, colour or command a terminal: control sequences and characters are gone, `\n` and `\t` stay. Pure. */
export function sanitize(text: string): string {
  return text.replace(SEQUENCES, '').replace(CONTROLS, '')
}
