/** Any value that survives `JSON.stringify` and `JSON.parse` unchanged. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject

/** A JSON object; a key whose value is `undefined` is left out when it is written. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}
