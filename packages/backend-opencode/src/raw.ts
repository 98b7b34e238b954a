/** What a JSON object holds, not looked at yet. */
export type Fields = Readonly<Record<string, unknown>>

/** The fields of a JSON object; none of anything else. */
export function fields(value: unknown): Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : {}
}

/** A text; empty when it is none. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A text; `null` when it is none. */
export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** The texts of an array. */
export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

/** A finite number; `null` when it is none. */
export function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
