import { posix, win32 } from 'node:path'

/** What every method takes last. */
export interface CallOptions {
  /** Ends the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** How long one answer may take, in milliseconds. @default the client's `requestTimeoutMs` */
  readonly timeoutMs?: number | undefined
  /** The directory that the call is about, absolute. @default the client's, else where the server was started */
  readonly directory?: string | undefined
}

const ID_PREFIXES = { session: 'ses', message: 'msg', permission: 'per', question: 'que' }

/**
 * The id, if it can be one: to others the server answers 500, or does something else.
 * @throws TypeError
 */
export function checkId(kind: keyof typeof ID_PREFIXES, id: string): string {
  const prefix = ID_PREFIXES[kind]
  if (typeof id === 'string' && new RegExp(`^${prefix}_[\\w-]+$`).test(id)) return id
  throw new TypeError(`Cannot ask for ${kind} "${id}": its id does not have the form "${prefix}_…"`)
}

/** The directory, if it is an absolute path: the server accepts any text. @throws TypeError */
export function checkDirectory(directory: string | undefined): string | undefined {
  if (directory === undefined || posix.isAbsolute(directory) || win32.isAbsolute(directory)) return directory
  throw new TypeError(`Cannot use directory "${directory}": it is not an absolute path`)
}

/** A count or a number of milliseconds. @throws RangeError */
export function checkWholeNumber<T extends number | undefined>(name: string, value: T): T {
  if (value === undefined || (Number.isInteger(value) && value > 0)) return value
  throw new RangeError(`Cannot use ${name} ${value}: it is not a whole number above 0`)
}
