/** A line of an agent's page that asks something. */
export interface RequestLine {
  readonly word: 'BLOCKED' | 'QUESTION'
  /** One line without spaces around it. */
  readonly text: string
}

/** As agents are told to write it, and as `orch ask` does: wherever it stands, whatever follows. */
const TOLD = /^(BLOCKED|QUESTION):[ \t]*(\S.*)$/

/** As models write it too: in any case, as an item that is not ticked, as a heading, emphasised. */
const LOOSE =
  /^(?:(?:[-*+]|\d{1,3}[.)]|#{1,6})[ \t]+(?:\[ \][ \t]+)?)?(\*{1,3}|_{1,3})?(BLOCKED|QUESTION)(?:\1:|:\1|:)[ \t]*(\S.*)$/i

const FENCE = /^ {0,3}(`{3,}|~{3,})/

/** What says that there is nothing: a list that was filled in, a placeholder. */
const NOTHING = /^(?:none|no|nothing|n\/a|false|-+|\[.*\]|<.*>)[.!]?$/i

/**
 * The lines of a page that ask, each as often as it stands there. What is not quite as agents are told counts only where it cannot
 * be anything else: not in front matter or code, not with an answer below it. Pure.
 * @param body the first line after the front matter
 */
export function requestLines(lines: readonly string[], body: number): readonly RequestLine[] {
  const found: RequestLine[] = []
  let fence = ''
  for (const [index, line] of lines.entries()) {
    const mark = FENCE.exec(line)?.[1] ?? ''
    if (fence === '') fence = mark
    else if (mark.startsWith(fence) && line.trim() === mark) fence = ''
    const told = TOLD.exec(line)
    if (told !== null) found.push({ word: told[1] as RequestLine['word'], text: (told[2] as string).trim() })
    else if (fence === '' && index >= body) found.push(...looseRequest(lines, index))
  }
  return found.filter(({ word, text }) => word === 'QUESTION' || !NOTHING.test(text))
}

function looseRequest(lines: readonly string[], index: number): RequestLine[] {
  const match = LOOSE.exec(lines[index] as string)
  if (match === null) return []
  const [, emphasis = '', word = '', rest = ''] = match
  const trimmed = rest.trim()
  const text = emphasis !== '' && trimmed.endsWith(emphasis) ? trimmed.slice(0, -emphasis.length).trim() : trimmed
  if (text === '' || NOTHING.test(text) || isAnswered(lines, index)) return []
  return [{ word: word.toUpperCase() as RequestLine['word'], text }]
}

/** Whether the agent noted an answer of its own: the next line that holds something begins with that word. */
function isAnswered(lines: readonly string[], index: number): boolean {
  const next = lines.slice(index + 1).find((line) => line.trim() !== '')
  return next !== undefined && /^[\s\-*+#_]*(?:answer|answered|resolved)\b/i.test(next)
}
