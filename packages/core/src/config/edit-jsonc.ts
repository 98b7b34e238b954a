import type { JsonObject, JsonValue } from '../json.ts'
import { withoutComments, withoutTrailingCommas } from './jsonc.ts'

interface Member {
  readonly key: string
  readonly keyAt: number
  /** Where its value begins, and the place after it. */
  readonly at: number
  readonly end: number
}

/** An object of the text: `open` is its `{`, `close` its `}`. */
interface Body {
  readonly open: number
  readonly close: number
  readonly members: readonly Member[]
}

/** How the text is laid out: what stands for one level, and for the end of a line. */
interface Layout {
  readonly unit: string
  readonly eol: string
}

const STRING = /"(?:[^"\\]|\\.)*"/y
const SCALAR = /[^\s,}\]]+/y
const BRACKETS = /"(?:[^"\\]|\\.)*"|[{}[\]]/g
const REST_OF_LINE = /(?:[ \t]|\/\*[^\n]*?\*\/)*(?:\/\/[^\r\n]*)?(?=\r?\n)/y

/**
 * Sets one value in the text of a JSON object with comments; everything else stays as it is written, in its order. Objects
 * on the way are made when they are missing. Pure.
 * @param text valid as `parseJsonc` takes it, an object
 * @param path at least one key
 */
export function setInJsonc(text: string, path: readonly string[], value: JsonValue): string {
  const json = withoutTrailingCommas(withoutComments(text))
  const layout = layoutOf(text)
  let body = bodyAt(json, json.indexOf('{'))
  for (const [depth, key] of path.entries()) {
    const rest = path.slice(depth + 1)
    const member = body.members.findLast((one) => one.key === key)
    const nested = rest.reduceRight<JsonValue>((inner, name) => ({ [name]: inner }), value)
    if (member === undefined) return insert(text, body, [key, nested], layout)
    if (rest.length === 0 || json[member.at] !== '{') {
      const shown = format(nested, indentAt(text, member.keyAt), layout)
      return `${text.slice(0, member.at)}${shown}${text.slice(member.end)}`
    }
    body = bodyAt(json, member.at)
  }
  return text
}

/**
 * Takes one value out of the text of a JSON object with comments; all comments, and everything else, stay as they are. An object
 * that holds nothing but it, not even a comment, goes with it. Pure.
 * @param text valid as `parseJsonc` takes it, an object
 * @param path at least one key; the same text comes back when nothing is there
 */
export function removeFromJsonc(text: string, path: readonly string[]): string {
  const json = withoutTrailingCommas(withoutComments(text))
  let body = bodyAt(json, json.indexOf('{'))
  let gone: readonly [Body, Member] | undefined
  for (const [depth, key] of path.entries()) {
    const member = body.members.findLast((one) => one.key === key)
    if (member === undefined) return text
    if (gone === undefined || !holdsOnly(text, body, member)) gone = [body, member]
    if (depth === path.length - 1) break
    if (json[member.at] !== '{') return text
    body = bodyAt(json, member.at)
  }
  if (gone === undefined) return text
  // Of several with one name each goes: the one before would count otherwise.
  return removeFromJsonc(cut(text, ...gone), path)
}

function holdsOnly(text: string, { open, close }: Body, { keyAt, end }: Member): boolean {
  return /^\s*$/.test(text.slice(open + 1, keyAt)) && /^\s*,?\s*$/.test(text.slice(end, close))
}

/** Without a member and the comma that would be too many, and without its line if nothing is left on it. */
function cut(text: string, { members }: Body, { keyAt, end }: Member): string {
  const bare = withoutComments(text)
  const next = /^\s*,/.exec(bare.slice(end))
  const previous = members.findLast((one) => one.end <= keyAt)
  const after =
    next === null ? text.slice(end) : text.slice(end, end + next[0].length - 1) + text.slice(end + next[0].length)
  const comma = previous === undefined ? -1 : bare.indexOf(',', previous.end)
  const isTooMany = next === null && comma !== -1 && comma < keyAt
  const before = isTooMany ? text.slice(0, comma) + text.slice(comma + 1, keyAt) : text.slice(0, keyAt)
  const lineAt = before.lastIndexOf('\n') + 1
  const rest = /^[ \t]*\r?(\n|$)/.exec(after)
  if (lineAt > 0 && before.slice(lineAt).trim() === '' && rest !== null)
    return before.slice(0, lineAt) + after.slice(rest[0].length)
  return isTooMany ? before.replace(/[ \t]+$/, '') + after : before + after.trimStart()
}

function insert(text: string, body: Body, [key, value]: readonly [string, JsonValue], layout: Layout): string {
  const { eol, unit } = layout
  const entry = (indent: string): string => `${JSON.stringify(key)}: ${format(value, indent, layout)}`
  const last = body.members.at(-1)
  if (last === undefined) {
    const around = indentAt(text, body.open)
    const inside = text.slice(body.open + 1, body.close).trimEnd()
    const own = `${eol}${around}${unit}${entry(around + unit)}${eol}${around}`
    return `${text.slice(0, body.open + 1)}${inside}${own}${text.slice(body.close)}`
  }
  const indent = indentAt(text, last.keyAt)
  if (!isFirstOfLine(text, last.keyAt)) return `${text.slice(0, last.end)}, ${entry(indent)}${text.slice(last.end)}`
  const comma = /^\s*,/.exec(withoutComments(text).slice(last.end))
  const after = last.end + (comma?.[0].length ?? 0)
  const at = matchEnd(REST_OF_LINE, text, after) ?? after
  const before = comma === null ? `${text.slice(0, last.end)},${text.slice(last.end, at)}` : text.slice(0, at)
  return `${before}${eol}${indent}${entry(indent)}${comma === null ? '' : ','}${text.slice(at)}`
}

/** A value as it is written at `indent`: a list of plain values on one line, an object on several. */
function format(value: JsonValue, indent: string, layout: Layout): string {
  const { unit, eol } = layout
  const isPlain = Array.isArray(value) && value.every((one) => typeof one !== 'object' || one === null)
  if (isPlain) return `[${value.map((one) => JSON.stringify(one)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = indent + unit
  const parts = Array.isArray(value)
    ? value.map((one) => format(one, inner, layout))
    : Object.entries(value as JsonObject).map(
        ([key, one]) => `${JSON.stringify(key)}: ${format(one ?? null, inner, layout)}`,
      )
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return parts.length === 0
    ? `${open}${close}`
    : `${open}${eol}${inner}${parts.join(`,${eol}${inner}`)}${eol}${indent}${close}`
}

function layoutOf(text: string): Layout {
  return { unit: /\n([ \t]+)"/.exec(withoutComments(text))?.[1] ?? '  ', eol: text.includes('\r\n') ? '\r\n' : '\n' }
}

function bodyAt(json: string, open: number): Body {
  const members: Member[] = []
  let at = skipSpace(json, open + 1)
  while (json[at] === '"') {
    const keyEnd = matchEnd(STRING, json, at) ?? json.length
    const valueAt = skipSpace(json, skipSpace(json, keyEnd) + 1)
    const end = endOfValue(json, valueAt)
    members.push({ key: JSON.parse(json.slice(at, keyEnd)), keyAt: at, at: valueAt, end })
    at = skipSpace(json, end)
    if (json[at] === ',') at = skipSpace(json, at + 1)
  }
  return { open, close: at, members }
}

function endOfValue(json: string, at: number): number {
  const pattern = json[at] === '"' ? STRING : SCALAR
  if (json[at] !== '{' && json[at] !== '[') return matchEnd(pattern, json, at) ?? json.length
  let depth = 0
  BRACKETS.lastIndex = at
  for (let found = BRACKETS.exec(json); found !== null; found = BRACKETS.exec(json)) {
    if (found[0] === '{' || found[0] === '[') depth++
    else if ((found[0] === '}' || found[0] === ']') && --depth === 0) return BRACKETS.lastIndex
  }
  return json.length
}

function skipSpace(json: string, at: number): number {
  return matchEnd(/\s*/y, json, at) ?? at
}

function matchEnd(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : null
}

/** The white space that the line of this place begins with. */
function indentAt(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))?.[0] ?? ''
}

function isFirstOfLine(text: string, at: number): boolean {
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, at).trim() === '' && text.lastIndexOf('\n', at - 1) >= 0
}
