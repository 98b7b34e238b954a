import type { JsonObject, JsonValue } from '../json.ts'

/** The same object with a value at `path`; objects on the way are made. Pure. */
export function withValue(object: JsonObject, [key = '', ...rest]: readonly string[], value: JsonValue): JsonObject {
  const before = Object.hasOwn(object, key) ? object[key] : undefined
  const inner = rest.length === 0 ? value : withValue(isObject(before) ? before : {}, rest, value)
  return Object.fromEntries([...Object.entries(object).filter(([name]) => name !== key), [key, inner]])
}

/** The same object without what stands at `path`, and without the objects that would be empty then. Pure. */
export function withoutValue(object: JsonObject, [key = '', ...rest]: readonly string[]): JsonObject {
  const before = Object.hasOwn(object, key) ? object[key] : undefined
  const inner = rest.length > 0 && isObject(before) ? withoutValue(before, rest) : {}
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) => {
      if (name !== key) return [[name, value]]
      return Object.keys(inner).length === 0 ? [] : [[name, inner]]
    }),
  )
}

/** Whether something stands at `path`. Pure. */
export function hasValue(object: JsonObject, [key = '', ...rest]: readonly string[]): boolean {
  if (!Object.hasOwn(object, key)) return false
  const inner = object[key]
  return rest.length === 0 || (isObject(inner) && hasValue(inner, rest))
}

/** Whether a value is an object, and no list. Pure. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
