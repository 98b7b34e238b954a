/**
 * A command written in one line as the words it is run with; no shell takes part. Words are parted by white space; quotes keep it,
 * single ones everything, double ones all but `\"` and `\\`; outside of quotes `\` keeps the next character.
 * `null` for a line that has no words, or whose quotes are not closed.
 */
export function splitWords(line: string): readonly string[] | null {
  const words: string[] = []
  let rest = line.trimStart()
  while (rest !== '') {
    const word = WORD.exec(rest)?.[0]
    if (word === undefined || (rest.length > word.length && !/^\s/.test(rest.slice(word.length)))) return null
    words.push(word.replace(PIECE, unquoted))
    rest = rest.slice(word.length).trimStart()
  }
  return words.length === 0 ? null : words
}

/** Words as one line that `splitWords` and a shell read as the same words; control characters are left as they are. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : shellQuote(word))).join(' ')
}

/** One word for a POSIX shell, always in single quotes. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

const PIECES = String.raw`'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|[^\s'"\\]+`
const WORD = new RegExp(`^(?:${PIECES})+`)
const PIECE = new RegExp(PIECES, 'g')

function unquoted(piece: string, single?: string, double?: string, escaped?: string): string {
  return single ?? double?.replace(/\\(["\\])/g, '$1') ?? escaped ?? piece
}
