import { nameOf } from './select.mjs'

const HEAD = `// Generated from the document of OpenCode's own server by "node scripts/generate-opencode-types.mjs".`

const PRIMITIVES = { string: 'string', number: 'number', integer: 'number', boolean: 'boolean', null: 'null' }

/** A selection of an OpenAPI document as TypeScript. */
export function render({ operations, events, schemas }, version) {
  const types = Object.entries(schemas).map(([name, schema]) => `export type ${name} = ${typeOf(schema)}`)
  const union = `export type ServerEvent =${events.map((name) => `\n  | ${name}`).join('')}`
  const members = Object.entries(operations).map(([id, operation]) =>
    member(`'${id}'`, objectOf(partsOf(operation), 1)),
  )
  const routes = Object.entries(operations).map(
    ([id, { method, url, answer }]) =>
      `  '${id}': { method: '${method}', path: '${url}', answer: '${kindOf(answer, schemas)}' },`,
  )
  return `${HEAD}
// OpenCode ${version}

${types.join('\n\n')}

/** The events of its stream. */
${union}

/** What each operation takes and answers. */
export interface Operations {
${members.join('\n')}
}

/** How to ask for each operation, and what kind of value answers it. */
export const ROUTES: {
  readonly [Id in keyof Operations]: {
    readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
    readonly path: string
    readonly answer: 'array' | 'object' | 'boolean' | 'none'
  }
} = {
${routes.join('\n')}
}
`
}

/** A schema as a TypeScript type; \`depth\` is how far its lines are indented. */
export function typeOf(schema, depth = 0) {
  if (schema.nullable) return union([typeOf({ ...schema, nullable: false }, depth), 'null'])
  if (schema.$ref !== undefined) return nameOf(schema.$ref)
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum !== undefined) return union(schema.enum.map(literal))
  const either = schema.anyOf ?? schema.oneOf
  if (either !== undefined) return union(either.map((each) => typeOf(each, depth)))
  if (schema.allOf !== undefined) return schema.allOf.map((each) => grouped(typeOf(each, depth))).join(' & ')
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type }, depth)))
  if (schema.type === 'array') return `readonly ${grouped(typeOf(schema.items ?? {}, depth))}[]`
  if (schema.type === 'object') return typeOfObject(schema, depth)
  return PRIMITIVES[schema.type] ?? 'unknown'
}

function typeOfObject({ properties = {}, required = [], additionalProperties = {} }, depth) {
  const named = Object.entries(properties)
  if (named.length === 0) return `{ readonly [key: string]: ${typeOf(additionalProperties, depth)} }`
  return objectOf(
    named.map(([name, schema]) => [required.includes(name) ? name : `${name}?`, schema]),
    depth,
  )
}

function objectOf(members, depth) {
  const lines = members.map(([name, schema]) =>
    member(name, schema === null ? 'null' : typeOf(schema, depth + 1), depth),
  )
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`
}

function member(name, type, depth = 0) {
  return `${'  '.repeat(depth + 1)}readonly ${name}: ${type}`
}

/** What is not taken is left out, and what is optional throughout may be. */
function partsOf({ path, query, body, answer }) {
  const taken = Object.entries({ path, query, body }).filter(([, schema]) => schema !== null)
  return [
    ...taken.map(([name, schema]) => [schema.required === undefined ? `${name}?` : name, schema]),
    ['answer', answer],
  ]
}

function literal(value) {
  return typeof value === 'string' ? `'${value.replace(/['\\]/g, '\\$&')}'` : String(value)
}

function union(types) {
  return [...new Set(types)].join(' | ')
}

function grouped(type) {
  return / [|&] /.test(type) && !type.startsWith('{') ? `(${type})` : type
}

function kindOf(answer, schemas) {
  if (answer === null) return 'none'
  if (answer.$ref !== undefined) return kindOf(schemas[nameOf(answer.$ref)], schemas)
  if (['array', 'object', 'boolean'].includes(answer.type)) return answer.type
  throw new Error(`Cannot tell the kind of an answer: ${JSON.stringify(answer).slice(0, 200)}`)
}
