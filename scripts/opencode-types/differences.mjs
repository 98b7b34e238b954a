import { typeOf } from './render.mjs'
import { nameOf } from './select.mjs'

/**
 * What a selection has that another has not, in words: a line for each operation, type and member that changed. What
 * belongs to something that is new or gone is not told besides.
 */
export function differences(before, after) {
  const [old, fresh] = [factsOf(before), factsOf(after)]
  const names = [...new Set([...old.keys(), ...fresh.keys()])].sort()
  return names.flatMap((name) => {
    const [was, is] = [old.get(name), fresh.get(name)]
    const { parent } = was ?? is
    if (was?.text === is?.text || (parent !== null && !(old.has(parent) && fresh.has(parent)))) return []
    if (was === undefined) return [`added: ${name}: ${is.text}`]
    if (is === undefined) return [`removed: ${name}: ${was.text}`]
    return [`changed: ${name}: ${was.text} → ${is.text}`]
  })
}

/** Every operation, type and member, by a name that says where it stands: what it is, and what it belongs to. */
function factsOf({ operations, schemas }) {
  const facts = new Map()
  for (const [id, { method, url, ...parts }] of Object.entries(operations)) {
    facts.set(id, { text: `${method} ${url}`, parent: null })
    for (const [part, schema] of Object.entries(parts)) {
      if (schema !== null) add(facts, `${id} ${part}`, { schema, parent: id })
    }
  }
  for (const [name, schema] of Object.entries(schemas)) add(facts, name, { schema, parent: null })
  return facts
}

function add(facts, name, { schema, parent, isOptional = false }) {
  const inside = nestedIn(schema)
  const type = inside.length === 0 ? typeOf(schema) : summary(schema)
  facts.set(name, { text: isOptional ? `${type}, optional` : type, parent })
  for (const { label, properties, required = [] } of inside) {
    for (const [key, value] of Object.entries(properties)) {
      add(facts, `${name}${label}.${key}`, { schema: value, parent: name, isOptional: !required.includes(key) })
    }
  }
}

/** The objects that a schema spells out, with a label where there are several. */
function nestedIn(schema) {
  if (schema.properties !== undefined) return [{ label: '', ...schema }]
  const inner = schema.items ?? schema.additionalProperties
  if (inner !== undefined) return nestedIn(inner)
  return membersOf(schema).flatMap((member, at) =>
    nestedIn(member).map((nested) => ({ ...nested, label: `[${labelOf(member, at)}]${nested.label}` })),
  )
}

function membersOf({ anyOf, oneOf, allOf }) {
  return anyOf ?? oneOf ?? allOf ?? []
}

function labelOf(schema, at) {
  if (schema.properties === undefined) return schema.$ref === undefined ? typeOf(schema) : nameOf(schema.$ref)
  return schema.properties.type?.enum?.[0] ?? String(at + 1)
}

function summary(schema) {
  if (schema.properties !== undefined) return 'an object'
  if (schema.items !== undefined) return `a list of ${summary(schema.items)}`
  if (schema.additionalProperties !== undefined) return `a table of ${summary(schema.additionalProperties)}`
  return membersOf(schema).map(labelOf).join(' | ')
}
