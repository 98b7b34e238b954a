import { EVENTS, OPERATIONS } from './selection.mjs'

const KEPT = ['$ref', 'type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'items', 'nullable']
const NO_TYPE =
  /^(title|description|pattern|format|default|examples?|deprecated|m(in|ax)\w*|exclusiveM\w*|multipleOf|x-.*)$/

/** Sent as a header, or not by us at all. */
const UNUSED_QUERY = ['directory', 'workspace']

/**
 * The part of an OpenAPI document that the client uses: its operations, and the schemas that can be reached from them,
 * without what makes no difference to a type. What the document does not have is left out.
 */
export function select(document) {
  const operations = Object.fromEntries(
    Object.entries(document.paths)
      .flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => [method, path, operation]))
      .filter(([, , { operationId }]) => OPERATIONS.includes(operationId))
      .map(([method, path, operation]) => [operation.operationId, readOperation(method, path, operation)]),
  )
  const all = document.components.schemas
  const events = EVENTS.filter((name) => all[name] !== undefined)
  const schemas = {}
  const take = (schema) => {
    for (const name of referencesOf(schema)) {
      if (schemas[name] !== undefined) continue
      schemas[name] = essence(all[name], name)
      take(schemas[name])
    }
  }
  take([operations, events.map((name) => ({ $ref: `#/components/schemas/${name}` }))])
  return { operations: sorted(operations), events, schemas: sorted(schemas) }
}

/** The name in a reference. */
export function nameOf(reference) {
  return reference.slice(reference.lastIndexOf('/') + 1)
}

function readOperation(method, path, { operationId, parameters = [], requestBody, responses }) {
  const own = parameters.filter(({ name }) => !UNUSED_QUERY.includes(name))
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
  const parts = {
    path: parameterObject(own.filter((parameter) => parameter.in === 'path')),
    query: parameterObject(own.filter((parameter) => parameter.in === 'query')),
    body: jsonOf(requestBody),
    answer: jsonOf(success),
  }
  const schemas = Object.entries(parts).map(([name, schema]) => [
    name,
    schema && essence(schema, `${operationId} ${name}`),
  ])
  return { method: method.toUpperCase(), url: path, ...Object.fromEntries(schemas) }
}

function jsonOf(content) {
  return content?.content?.['application/json']?.schema ?? null
}

function parameterObject(parameters) {
  if (parameters.length === 0) return null
  const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name)
  const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]))
  return { type: 'object', properties, required }
}

/** A schema with nothing but what its type is made of. */
function essence(schema, where) {
  const entries = Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'properties') return [[key, mapValues(value, (each, name) => essence(each, `${where}.${name}`))]]
    if (key === 'required') return value.length === 0 ? [] : [[key, value]]
    if (key === 'additionalProperties') return typeof value === 'object' ? [[key, essence(value, where)]] : []
    if (KEPT.includes(key)) return [[key, inner(value, where)]]
    if (NO_TYPE.test(key)) return []
    throw new Error(`Cannot read the schema of "${where}": "${key}" is not known`)
  })
  return Object.fromEntries(entries)
}

function inner(value, where) {
  if (Array.isArray(value)) return value.map((each) => inner(each, where))
  return value !== null && typeof value === 'object' ? essence(value, where) : value
}

function referencesOf(value) {
  if (value === null || typeof value !== 'object') return []
  const own = typeof value.$ref === 'string' ? [nameOf(value.$ref)] : []
  return [...own, ...Object.values(value).flatMap(referencesOf)]
}

function mapValues(record, change) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]))
}

function sorted(record) {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}
