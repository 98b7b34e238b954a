const COMMENTS = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n\r]*|\/\*[\s\S]*?\*\//g
const TRAILING_COMMAS = /"(?:[^"\\\n]|\\.)*"|(?<=[^\s,[{:]\s*),(?=\s*[}\]])/g

/**
 * Parses JSON in which comments (`//`, `/* *\/`) and a comma after the last value may stand. What is plain JSON is parsed as that.
 * @throws SyntaxError at the place in `text` where it is neither
 */
export function parseJsonc(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return JSON.parse(withoutTrailingCommas(withoutComments(text)))
  }
}

/** The same text with spaces in place of its comments: everything else stays where it was. Pure. */
export function withoutComments(text: string): string {
  return text.replace(COMMENTS, (found) => (found.startsWith('"') ? found : found.replace(/[^\n\r]/g, ' ')))
}

/** The same text with a space in place of each comma after a last value. Pure. */
export function withoutTrailingCommas(text: string): string {
  return text.replace(TRAILING_COMMAS, (found) => (found === ',' ? ' ' : found))
}
