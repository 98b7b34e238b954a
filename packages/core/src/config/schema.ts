import * as v from 'valibot'

const program = v.strictObject({
  command: v.pipe(v.string(), v.nonEmpty('must not be empty')),
  args: v.optional(v.array(v.string())),
  env: v.optional(
    v.record(v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a variable')), v.string()),
  ),
  promptBy: v.optional(v.picklist(['argument', 'send', 'none'])),
})

const schema = v.strictObject({
  $schema: v.optional(v.string()),
  defaultBackend: v.optional(v.string()),
  backends: v.optional(v.record(v.string(), v.looseObject({ module: v.optional(v.string()) }))),
  programs: v.optional(v.record(v.string(), program)),
  models: v.optional(v.record(v.string(), v.pipe(v.string(), v.nonEmpty('must not be empty')))),
})

/** The first thing wrong with a configuration value: which key, and what is expected; `null` when it is valid. */
export function findConfigProblem(value: unknown): { readonly key: string; readonly text: string } | null {
  if (Array.isArray(value)) return { key: '', text: 'expected Object, got Array' }
  const result = v.safeParse(schema, value)
  if (result.success) return null
  const issue = result.issues[0]
  const key = v.getDotPath(issue) ?? ''
  return { key, text: textOf(issue) }
}

function textOf({ kind, message, expected, received }: v.BaseIssue<unknown>): string {
  if (kind === 'validation') return message
  if (expected === 'never') return 'this key is not known'
  return received === 'undefined' ? 'this key is missing' : `expected ${expected}, got ${received}`
}
