import { withoutComments, withoutTrailingCommas } from './jsonc.ts'

const TOKEN =
  /[ \t\r\n]*(?:("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w))|([{}[\],:]))/uy

/** What may stand at a place. */
const EXPECTED = {
  value: 'a value',
  element: 'a value or "]"',
  name: 'a name in quotes',
  member: 'a name in quotes or "}"',
  colon: '":"',
  inObject: '"," or "}"',
  inList: '"," or "]"',
  end: 'nothing more',
} as const

type Place = keyof typeof EXPECTED

/** Where a text stops to be JSON with comments, and what is expected there: `line 3, column 5: expected a value`. Pure. */
export function describeJsonProblem(text: string): string {
  const json = withoutTrailingCommas(withoutComments(text))
  const { at, place } = firstProblem(json)
  const lines = json.slice(0, at).split('\n')
  const takesText = place === 'value' || place === 'element' || place === 'name' || place === 'member'
  const isBadText = json[at] === '"' && takesText
  const what = isBadText ? 'a text that is not closed, or has a wrong escape' : `expected ${EXPECTED[place]}`
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}: ${what}`
}

function firstProblem(json: string): { readonly at: number; readonly place: Place } {
  const open: string[] = []
  let place: Place = 'value'
  let at = 0
  for (;;) {
    TOKEN.lastIndex = at
    const [, text, scalar, sign] = TOKEN.exec(json) ?? []
    const token: string | undefined = text === undefined ? (scalar === undefined ? sign : 'scalar') : 'text'
    const next: Place | null = token === undefined ? null : after(token, place, open)
    if (next === null) return { at: at + (/[^ \t\r\n]/.exec(json.slice(at))?.index ?? json.length - at), place }
    at = TOKEN.lastIndex
    place = next
  }
}

/** What may follow a token; `null` when it may not stand there. Keeps `open`, the brackets around it. */
function after(token: string, place: Place, open: string[]): Place | null {
  const isValue = place === 'value' || place === 'element'
  if (token === 'text' && (place === 'name' || place === 'member')) return 'colon'
  if (token === 'text' || token === 'scalar') return isValue ? outside(open) : null
  if (token === '{' || token === '[') {
    if (!isValue) return null
    open.push(token)
    return token === '{' ? 'member' : 'element'
  }
  if (token === ':') return place === 'colon' ? 'value' : null
  if (token === ',') return place === 'inObject' ? 'name' : place === 'inList' ? 'value' : null
  const closes = token === '}' ? place === 'member' || place === 'inObject' : place === 'element' || place === 'inList'
  if (!closes) return null
  open.pop()
  return outside(open)
}

function outside(open: readonly string[]): Place {
  const last = open.at(-1)
  return last === undefined ? 'end' : last === '{' ? 'inObject' : 'inList'
}
