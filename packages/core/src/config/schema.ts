import * as v from 'valibot'
import { nearNames } from '../near-names.ts'
import { splitWords } from '../split-words.ts'

const text = v.pipe(v.string(), v.nonEmpty('must not be empty'))

const line = v.pipe(
  v.string(),
  v.check((value) => splitWords(value) !== null, 'has no words, or a quote that is not closed'),
)
const words = v.pipe(v.array(v.string()), v.minLength(1, 'has no words'))
/** What runs a program: its words, or one line that is split into them. */
const command = v.lazy((value) => (Array.isArray(value) ? words : line))

/** A path below the main checkout, and not git's own. */
const pathInside = v.pipe(
  text,
  v.regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$))(?!(\.\/)*(\.git(\/|$)|\.?$))/, 'is not a path below the project'),
)

const settings = {
  args: v.optional(v.array(v.string())),
  env: v.optional(
    v.record(v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a variable')), v.string()),
  ),
  promptBy: v.optional(v.picklist(['argument', 'send', 'none'])),
}

const count = v.pipe(v.number(), v.integer('is not a whole number'), v.minValue(0, 'must not be negative'))

/** Its module says what its command is, unless the configuration does. */
const byModule = v.strictObject({ module: text, command: v.optional(text), ...settings })
const byCommand = v.strictObject({ command: text, ...settings })
const program = v.lazy((value) => (hasModule(value) ? byModule : byCommand))

/** What a configuration file may say; `scripts/generate-config-schema.mjs` makes the JSON Schema of it. */
export const configSchema: v.GenericSchema = v.strictObject({
  $schema: v.optional(v.string()),
  defaultBackend: v.optional(v.string()),
  backends: v.optional(v.record(v.string(), v.looseObject({ module: v.optional(v.string()) }))),
  programs: v.optional(v.record(v.string(), program)),
  models: v.optional(v.record(v.string(), text)),
  notify: v.optional(command),
  verify: v.optional(command),
  skills: v.optional(v.array(text)),
  maxParallel: v.optional(v.pipe(v.number(), v.integer('is not a whole number'), v.minValue(1, 'must be at least 1'))),
  limits: v.optional(
    v.strictObject({ depth: v.optional(count), children: v.optional(count), agents: v.optional(count) }),
  ),
  worktree: v.optional(
    v.strictObject({
      setup: v.optional(command),
      link: v.optional(v.array(pathInside)),
      copy: v.optional(v.array(pathInside)),
      directory: v.optional(text),
    }),
  ),
})

/** The first thing wrong with a configuration value: which key, and what is expected; `null` when it is valid. */
export function findConfigProblem(value: unknown): { readonly key: string; readonly text: string } | null {
  if (Array.isArray(value)) return { key: '', text: 'expected Object, got Array' }
  const result = v.safeParse(configSchema, value)
  if (result.success) return null
  const issue = result.issues[0]
  const key = v.getDotPath(issue) ?? ''
  return { key, text: `${textOf(issue)}${meantInstead(issue, key)}` }
}

/** The keys that may stand in the object at `path`; none where any may. */
export function knownKeys(path: readonly string[]): readonly string[] {
  let object: Node | undefined = configSchema as object
  for (const key of path) {
    const inner = inside(object)
    object = inner?.entries?.[key] ?? (inner?.entries === undefined ? inner?.value : undefined)
  }
  return Object.keys(inside(object)?.entries ?? {})
}

/** Every key that is fixed, as names joined by dots: the keys of what is fixed itself stand for it. */
export function fixedKeys(path: readonly string[] = []): readonly string[] {
  return knownKeys(path)
    .filter((name) => name !== '$schema')
    .flatMap((name) => {
      const below = fixedKeys([...path, name])
      return below.length > 0 ? below : [[...path, name].join('.')]
    })
}

/** What the schemas here are made of. */
interface Node {
  readonly wrapped?: Node
  readonly entries?: Readonly<Record<string, Node>>
  readonly value?: Node
  readonly getter?: (input: unknown) => Node
}

function inside(node: Node | undefined): Node | undefined {
  if (node?.wrapped !== undefined) return inside(node.wrapped)
  return node?.getter === undefined ? node : inside(node.getter({ module: '' }))
}

function meantInstead({ expected, path }: v.BaseIssue<unknown>, key: string): string {
  if (expected !== 'never') return ''
  const keys = (path ?? []).map((item) => String(item.key))
  const meant = nearNames(keys.at(-1) ?? key, knownKeys(keys.slice(0, -1))).filter((name) => name !== '$schema')
  return meant.length === 0 ? '' : `; did you mean ${meant.map((name) => `"${name}"`).join(' or ')}?`
}

function hasModule(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'module')
}

function textOf({ kind, message, expected, received }: v.BaseIssue<unknown>): string {
  if (kind === 'validation') return message
  if (expected === 'never') return 'this key is not known'
  return received === 'undefined' ? 'this key is missing' : `expected ${expected}, got ${received}`
}
