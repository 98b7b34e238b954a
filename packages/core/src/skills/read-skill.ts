import * as v from 'valibot'
import { parseDocument } from 'yaml'
import { readPermission, type WrittenPermission } from '../read-permission.ts'
import { splitWords } from '../split-words.ts'
import type { Skill } from './skill.ts'

/** What a `SKILL.md` says, and the text under its front matter. */
export interface ReadSkill {
  readonly said: Pick<
    Skill,
    | 'description'
    | 'deliverables'
    | 'verify'
    | 'backend'
    | 'program'
    | 'model'
    | 'mode'
    | 'permission'
    | 'permissionRules'
  > & { readonly name: string | null }
  readonly text: string
}

const NO_MAP = 'its front matter is no list of keys and values'

/** Aliases of YAML may grow to more than fits into memory. */
const MOST_ALIASES = 20

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what no line may hold
const line = v.pipe(v.string(), v.nonEmpty('must not be empty'), v.regex(/^[^\0-\x1f\x7f]*$/, 'must be one line'))
const lines = v.pipe(
  v.union([line, v.array(line)], 'must be a text or a list of texts'),
  v.transform((value) => [value].flat()),
)
const command = v.pipe(
  lines,
  v.transform((words) => (words.length === 1 ? splitWords(words[0] as string) : words)),
  v.check((words) => words !== null && words.length > 0, 'has no words, or a quote that is not closed'),
)
const permission = v.pipe(
  lines,
  v.rawTransform(({ dataset, addIssue, NEVER }): WrittenPermission => {
    const read = readPermission(dataset.value)
    if (typeof read !== 'string') return read
    addIssue({ message: read })
    return NEVER
  }),
)
const own = v.strictObject({
  deliverables: v.optional(lines, []),
  verify: v.optional(command),
  backend: v.optional(line),
  program: v.optional(line),
  model: v.optional(line),
  as: v.optional(line),
  permission: v.optional(permission),
})
const schema = v.looseObject({
  name: v.optional(v.pipe(line, v.maxLength(64, 'must have at most 64 characters'))),
  description: v.nullish(v.string()),
  orch: v.nullish(own),
  metadata: v.nullish(v.looseObject({ orch: v.nullish(own) })),
})

/**
 * Reads a `SKILL.md`: YAML front matter, then its text. What is for orch stands under `orch`, or `metadata.orch` where other
 * programs want no further keys; other keys are theirs. A text says what is wrong with it. Pure.
 */
export function readSkill(content: string): ReadSkill | string {
  const [whole = '', yaml = ''] = /^---[ \t]*\r?\n((?:.*?\n)??)---[ \t]*(?:\r?\n|$)/s.exec(content) ?? []
  if (whole === '' && /^---[ \t]*\r?\n/.test(content)) return 'its front matter has no end'
  const value = parse(yaml)
  if (typeof value === 'string') return value
  if (Array.isArray(value.front)) return NO_MAP
  const result = v.safeParse(schema, value.front)
  if (!result.success) return problemOf(result.issues[0])
  const { name = null, description = null, orch, metadata } = result.output
  const { deliverables = [], verify = null, backend, program, model, as, permission } = orch ?? metadata?.orch ?? {}
  return {
    said: {
      name,
      description: description?.trim() || null,
      deliverables,
      verify,
      backend: backend ?? null,
      program: program ?? null,
      model: model ?? null,
      mode: as ?? null,
      permission: permission?.permission ?? null,
      permissionRules: permission?.permissionRules ?? [],
    },
    text: content.slice(whole.length).trim(),
  }
}

function parse(yaml: string): { readonly front: unknown } | string {
  const document = parseDocument(yaml, { prettyErrors: true })
  const [error] = document.errors
  if (error !== undefined) {
    const at = error.linePos?.[0].line
    const text = error.message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:$/, '')
    return `its front matter is not YAML${at === undefined ? '' : ` (line ${at + 1})`}: ${text}`
  }
  try {
    return { front: document.toJS({ maxAliasCount: MOST_ALIASES }) ?? {} }
  } catch (cause) {
    return `its front matter cannot be used: ${(cause as Error).message}`
  }
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  const key = v.getDotPath(issue)
  if (key === null) return NO_MAP
  const { kind, message, expected, received } = issue
  if (kind === 'schema' && expected === 'never') return `"${key}" is not known`
  const isOwn = kind !== 'schema' || !message.startsWith('Invalid')
  return `"${key}" ${isOwn ? message : `is ${received}, not ${expected}`}`
}
