import { KEY_TEXTS } from '../packages/core/dist/config/describe-keys.js'
import { configSchema } from '../packages/core/dist/config/schema.js'
import { publish } from './docs/page.mjs'

/** The JSON Schema of one valibot schema, as far as the configuration uses them; anything else is an error. */
function convert(schema) {
  const { type } = schema
  if (type === 'lazy') return { anyOf: [convert(schema.getter({ module: '' })), convert(schema.getter({}))] }
  if (['optional', 'exact_optional', 'nullish'].includes(type)) return convert(schema.wrapped)
  if (type === 'nullable') return { anyOf: [convert(schema.wrapped), { type: 'null' }] }
  const found = { ...base(schema) }
  for (const item of schema.pipe?.slice(1) ?? []) Object.assign(found, constraint(item, found))
  return found
}

function base(schema) {
  const { type } = schema
  if (['string', 'number', 'boolean'].includes(type)) return { type }
  if (type === 'array') return { type: 'array', items: convert(schema.item) }
  if (type === 'picklist') return { enum: schema.options }
  if (type === 'literal') return { const: schema.literal }
  if (type === 'union') return { anyOf: schema.options.map(convert) }
  if (type === 'unknown' || type === 'any') return {}
  if (type === 'record') return { type: 'object', additionalProperties: convert(schema.value), ...names(schema.key) }
  if (type === 'strict_object' || type === 'loose_object' || type === 'object') return object(schema)
  throw new Error(`Cannot write "${type}" as JSON Schema: teach it to scripts/generate-config-schema.mjs`)
}

function names(key) {
  const allowed = convert(key)
  return Object.keys(allowed).length > 1 ? { propertyNames: allowed } : {}
}

function object({ type, entries }) {
  const properties = Object.entries(entries).map(([name, entry]) => [name, convert(entry)])
  const required = Object.keys(entries).filter((name) => !/optional|nullish/.test(entries[name].type))
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    additionalProperties: type !== 'strict_object',
  }
}

function constraint({ type, requirement }, { type: of }) {
  const size = of === 'array' ? 'Items' : 'Length'
  if (type === 'non_empty') return { [`min${size}`]: 1 }
  if (type === 'min_length') return { [`min${size}`]: requirement }
  if (type === 'max_length') return { [`max${size}`]: requirement }
  if (type === 'min_value') return { minimum: requirement }
  if (type === 'max_value') return { maximum: requirement }
  if (type === 'integer' || type === 'safe_integer') return { type: 'integer' }
  if (type === 'regex') return { pattern: requirement.source }
  return {}
}

const { properties, ...whole } = convert(configSchema)
const described = Object.entries(properties).map(([name, schema]) => {
  if (name === '$schema') return [name, schema]
  if (KEY_TEXTS[name] === undefined)
    throw new Error(`Cannot describe "${name}": add it to packages/core/src/config/describe-keys.ts`)
  const { text, example } = KEY_TEXTS[name]
  return [name, { description: text, ...schema, examples: [example] }]
})

const document = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://unpkg.com/@orch/core/config.schema.json',
  title: 'Configuration of orch: .orch/config.json in a project, ~/.config/orch/config.json for a user',
  allowTrailingCommas: true,
  ...whole,
  properties: Object.fromEntries(described),
}

publish('packages/core/config.schema.json', `${JSON.stringify(document, null, 2)}\n`, {
  source: 'sources of the configuration',
  command: '"node scripts/generate-config-schema.mjs"',
})
