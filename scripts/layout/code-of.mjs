const TOKEN = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)`,
    String.raw`(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\x60(?:\\[\s\S]|[^\x60\\])*\x60)`,
    String.raw`(?<regex>(?<=(?:^|[=(,:;!&|?{}\[\n>]|\breturn)[ \t]*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+\/[a-z]*)`,
  ].join('|'),
  'g',
)

/** TypeScript or JavaScript text with its comments replaced by spaces of the same length. */
export function codeOf(text) {
  return text.replace(TOKEN, (token, ...rest) => {
    const { comment } = rest.at(-1)
    return comment === undefined ? token : comment.replace(/[^\n]/g, ' ')
  })
}

/** The string literals of a code text without their quotes, each with its offset. */
export function stringsOf(code) {
  return [...code.matchAll(TOKEN)]
    .filter((match) => match.groups.string !== undefined)
    .map((match) => ({ value: match[0].slice(1, -1), offset: match.index }))
}

export function lineAt(text, offset) {
  return text.slice(0, offset).split('\n').length
}
