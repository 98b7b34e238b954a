const ESC = 0x1b
const BEL = 0x07

/** Introducers of control strings: OSC, DCS, SOS, PM, APC after ESC, and as single C1 characters. */
const STRINGS_AFTER_ESC = ']PX^_'
const STRINGS_C1 = [0x90, 0x98, 0x9d, 0x9e, 0x9f]
const CSI_C1 = 0x9b
const ST_C1 = 0x9c

/** Whatever acts on a terminal: most lines hold none of it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/

/** Widest gap that a cursor movement to the right leaves, in spaces. */
const MOST_SPACES = 500

/**
 * A line of terminal output as text: without control sequences and control characters (ECMA-48). A carriage return
 * starts the line over once something follows, a backspace takes a character back, erasing the line empties it, and
 * a cursor movement to the right is spaces.
 */
export function plainText(line: string): string {
  const plain = line.endsWith('\r') ? line.slice(0, -1) : line
  if (!CONTROLS.test(plain)) return plain
  const screen = new LineScreen()
  let at = 0
  while (at < line.length) {
    const length = controlLength(line, at)
    const character = String.fromCodePoint(line.codePointAt(at) as number)
    if (length > 0) screen.control(line.slice(at, at + length))
    else screen.put(character)
    at += length || character.length
  }
  return screen.text()
}

/** The length of the control sequence or string that begins at `at`, complete or not; 0 for a single character. */
function controlLength(line: string, at: number): number {
  const code = line.charCodeAt(at)
  const next = line[at + 1] ?? ''
  if (code === CSI_C1) return sequenceLength(line, at, 1)
  if (STRINGS_C1.includes(code)) return stringLength(line, at, 1)
  if (code !== ESC) return 0
  if (next === '[') return sequenceLength(line, at, 2)
  if (next !== '' && STRINGS_AFTER_ESC.includes(next)) return stringLength(line, at, 2)
  let end = at + 1
  while (isBetween(line, end, 0x20, 0x2f)) end += 1
  return isBetween(line, end, 0x30, 0x7e) ? end + 1 - at : end - at
}

function sequenceLength(line: string, at: number, introducer: number): number {
  let end = at + introducer
  while (isBetween(line, end, 0x20, 0x3f)) end += 1
  return isBetween(line, end, 0x40, 0x7e) ? end + 1 - at : end - at
}

function stringLength(line: string, at: number, introducer: number): number {
  for (let end = at + introducer; end < line.length; end += 1) {
    const code = line.charCodeAt(end)
    if (code === BEL || code === ST_C1) return end + 1 - at
    if (code === ESC) return end + (line[end + 1] === '\\' ? 2 : 0) - at
  }
  return line.length - at
}

function isBetween(line: string, at: number, low: number, high: number): boolean {
  const code = line.charCodeAt(at)
  return code >= low && code <= high
}

/** One line of a terminal, as far as text needs it. */
class LineScreen {
  #kept: string[] = []
  #returned = false

  put(character: string): void {
    const code = character.charCodeAt(0)
    if (character === '\b') this.#kept.pop()
    else if (character === '\r') this.#returned = true
    else if (character === '\t' || (code >= 0x20 && (code < 0x7f || code > 0x9f))) this.#add(character)
  }

  control(sequence: string): void {
    const final = sequence.at(-1)
    const number = Number(/\d+/.exec(sequence)?.[0] ?? 0)
    const isSequence = sequence.charCodeAt(0) === CSI_C1 || sequence[1] === '['
    if (!isSequence) return
    if (final === 'C') this.#add(' '.repeat(Math.min(number || 1, MOST_SPACES)))
    else if (final === 'G' && number <= 1) this.#returned = true
    else if (final === 'K' && (number === 2 || (number === 0 && this.#returned))) this.#kept = []
  }

  text(): string {
    return this.#kept.join('')
  }

  #add(text: string): void {
    if (this.#returned) this.#kept = []
    this.#returned = false
    this.#kept.push(text)
  }
}
