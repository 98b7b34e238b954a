import { OrchError } from './errors.ts'

/** Labels of an agent: what a person or a script calls it by, beside its id. */
export type Labels = Readonly<Record<string, string>>

/** One condition of a selector. Of `key!=value` an agent without that key is one, too. */
export interface Condition {
  readonly key: string
  /** `null`: whether there is such a key counts, not its value. */
  readonly value: string | null
  readonly negated: boolean
}

/** Characters of a key, and of a value. */
const MOST_CHARACTERS = 63
const MOST_LABELS = 64
const KEY = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/
const VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._/:@+-]*[A-Za-z0-9])?)?$/

/** How labels are changed: what they are set to; `null` takes one away. */
export type LabelChanges = Readonly<Record<string, string | null>>

/**
 * Labels as `key=value` gives them; with `removable`, `key-` takes one away.
 * @throws OrchError `USAGE` for what is none, or for a key that is given twice with different values
 */
export function parseLabels(words: readonly string[], options: { readonly removable?: boolean } = {}): LabelChanges {
  const changes = new Map<string, string | null>()
  for (const word of words) {
    const [key, value] = parseLabel(word, options.removable === true)
    if (changes.has(key) && changes.get(key) !== value)
      throw new OrchError('USAGE', `Cannot use the label ${quoted(word)}: its key is given twice`, {
        hint: `Give "${key}" once`,
      })
    changes.set(key, value)
  }
  return Object.fromEntries(changes)
}

function parseLabel(word: string, removable: boolean): readonly [key: string, value: string | null] {
  const at = word.indexOf('=')
  if (at < 0 && removable && word.endsWith('-')) return [word.slice(0, -1), null]
  if (at < 0) throw noLabel(word)
  const label = [word.slice(0, at), word.slice(at + 1)] as const
  assertLabel(...label)
  return label
}

function assertLabel(key: string, value: string | null): void {
  if (isKey(key) && (value === null || isValue(value))) return
  throw noLabel(value === null ? `${key}-` : `${key}=${value}`)
}

function noLabel(word: string): OrchError {
  return new OrchError('USAGE', `Cannot use the label ${quoted(word)}: it is not of the form "key=value"`, {
    hint: `Use at most ${MOST_CHARACTERS} letters and digits, inside also ".", "_", "-", "/", in a value also ":", "@", "+"`,
  })
}

/**
 * The labels after some changes, sorted by key.
 * @throws OrchError `USAGE` for what is no label, and when there would be too many
 */
export function changeLabels(labels: Labels, changes: LabelChanges): Labels {
  const after = new Map<string, string>(Object.entries(labels))
  for (const [key, value] of Object.entries(changes)) {
    assertLabel(key, value)
    if (value === null) after.delete(key)
    else after.set(key, value)
  }
  if (after.size > MOST_LABELS)
    throw new OrchError('USAGE', `Cannot use ${after.size} labels: an agent has at most ${MOST_LABELS}`, {
      hint: 'Leave some of them out',
    })
  return Object.fromEntries([...after].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * The conditions of selectors, all of which must hold: `k=v`, `k!=v`, `k`, `!k`, several in one with commas.
 * @throws OrchError `USAGE` for what is none
 */
export function parseSelectors(selectors: readonly string[]): readonly Condition[] {
  return selectors.flatMap((selector) => selector.split(',').map((part) => parseCondition(part.trim(), selector)))
}

function parseCondition(text: string, selector: string): Condition {
  const [, not = '', key = '', operator, value = ''] = /^(!?)([^!=]*)(?:(!=|==?)(.*))?$/.exec(text) ?? []
  const valid = isKey(key) && (operator === undefined || (not === '' && isValue(value)))
  if (valid)
    return {
      key,
      value: operator === undefined ? null : value,
      negated: not !== '' || operator?.startsWith('!') === true,
    }
  throw new OrchError('USAGE', `Cannot select by ${quoted(selector)}: ${quoted(text)} is no condition on a label`, {
    hint: 'Use "key=value", "key!=value", "key" or "!key", several of them with commas',
  })
}

/** Whether all conditions hold for these labels. */
export function matchesLabels(labels: Labels, conditions: readonly Condition[]): boolean {
  return conditions.every(({ key, value, negated }) => {
    const has = Object.hasOwn(labels, key) && (value === null || labels[key] === value)
    return has !== negated
  })
}

function isKey(text: string): boolean {
  return text.length <= MOST_CHARACTERS && KEY.test(text)
}

function isValue(text: string): boolean {
  return text.length <= MOST_CHARACTERS && VALUE.test(text)
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text)
}
