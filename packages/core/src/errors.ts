/** Every error code with what it means. Codes are API; exit codes live in the CLI only. */
export const ERROR_CODES = {
  USAGE: 'The command line could not be understood',
  BAD_DURATION: 'A duration is not of the form 30s, 5m or 1h30m',
  EMPTY_TASK: 'A task without text was given',
  EMPTY_MESSAGE: 'A message without text was given',
  AGENT_AMBIGUOUS: 'A prefix matches several agents',
  AGENT_NOT_FOUND: 'No agent matches',
  FULL_ID_REQUIRED: 'A destructive command without a terminal needs the full id',
  FILE_NOT_FOUND: 'A file named on the command line cannot be read',
  SKILL_NOT_FOUND: 'No skill of this name is there',
  SKILL_INVALID: 'A SKILL.md cannot be read or used',
  PROJECT_NOT_FOUND: 'The project directory is not there',
  BACKEND_UNKNOWN: 'No backend of this name is known or configured',
  BACKEND_MISSING: 'No backend can be used on this machine',
  BACKEND_INVALID: 'A configured backend module cannot be loaded or speaks another contract version',
  BACKEND_UNREACHABLE: 'The server did not answer, or there is none',
  BACKEND_ERROR: 'The server answered with an error of its own',
  BAD_ANSWER: 'The server answered with something that cannot be understood',
  WRONG_SERVER: 'Another program answers at this address',
  SERVER_REMOTE: 'The server does not share this file system',
  UNAUTHORIZED: 'The server refused the credentials',
  PROGRAM_UNKNOWN: 'No program of this name is known or configured',
  PROGRAM_INVALID: 'A configured program module cannot be loaded or speaks another contract version',
  PROGRAM_MISSING: 'A program is not installed or not on PATH',
  CONFIG_INVALID: 'A configuration file or variable is not valid',
  RECORD_CORRUPT: 'A record cannot be read',
  AGENT_EXISTS: 'Something with this id is already there',
  CREATE_FAILED: 'The agent could not be created',
  LIMIT_REACHED: 'An agent may not start another one: a limit for depth or number is reached',
  WORKSPACE_UNWRITABLE: 'The workspace cannot be written',
  PERMISSION_DENIED: 'The operating system refuses access to a file of orch',
  WORKTREE_UNSUPPORTED: 'No worktree can be made from this folder',
  WORKTREE_FAILED: 'A worktree could not be made, set up, read or removed',
  MERGE_REFUSED: 'The work cannot be merged or handed over as things stand; nothing was changed',
  DISK: 'The disk is full, read-only or failing',
  CONFLICT: 'The record changed meanwhile',
  CLOSED: 'The agent was completed or abandoned before',
  DEPENDENCY_FAILED: 'An agent that it is to start after can never be as is waited for',
  BUSY: 'Another orch process is at it',
  TIMEOUT: 'Time ran out',
  INTERRUPTED: 'The command was interrupted before it had an answer',
  TERMINATED: 'The command was terminated before it had an answer',
  UNSUPPORTED: 'This agent cannot do that',
  REQUEST_AMBIGUOUS: 'Several requests are open',
  REQUEST_NOT_FOUND: 'No such request is open',
  CHOICE_UNKNOWN: 'The request does not offer this choice',
  INTERNAL: 'A bug in orch',
} as const

/** Codes that tell of the process that tried, of its environment and its machine, and not of what it tried. */
const OF_ENVIRONMENT: readonly string[] = [
  'PROJECT_NOT_FOUND',
  'BACKEND_UNKNOWN',
  'BACKEND_MISSING',
  'BACKEND_INVALID',
  'BACKEND_UNREACHABLE',
  'WRONG_SERVER',
  'SERVER_REMOTE',
  'UNAUTHORIZED',
  'PROGRAM_UNKNOWN',
  'PROGRAM_INVALID',
  'PROGRAM_MISSING',
  'CONFIG_INVALID',
  'WORKSPACE_UNWRITABLE',
  'PERMISSION_DENIED',
  'DISK',
] satisfies readonly OrchErrorCode[]

/** Whether another process, or the same one later, may well do what failed with this code. */
export function isOfEnvironment(code: string): boolean {
  return OF_ENVIRONMENT.includes(code)
}

/** A key of {@link ERROR_CODES}. */
export type OrchErrorCode = keyof typeof ERROR_CODES

/** What was changed before the error: nothing, a part, or it cannot be known. */
export type ErrorOutcome = 'none' | 'partial' | 'unknown'

/** Details of an {@link OrchError}. */
export interface OrchErrorInfo {
  /** One next action, as a sentence or a command. */
  readonly hint?: string | undefined
  readonly agent?: string | undefined
  readonly backend?: string | undefined
  /** @default 'none' */
  readonly outcome?: ErrorOutcome
  /** Whether the same call may succeed later without anything else being done. @default false */
  readonly retryable?: boolean
  readonly cause?: unknown
}

const BRAND = Symbol.for('@orch/core/OrchError')

/** The one error class. Recognise it with {@link isOrchError}: two copies of core may be loaded. */
export class OrchError extends Error {
  override readonly name = 'OrchError'
  readonly code: OrchErrorCode
  readonly hint: string | undefined
  readonly agent: string | undefined
  readonly backend: string | undefined
  readonly outcome: ErrorOutcome
  readonly retryable: boolean

  constructor(code: OrchErrorCode, message: string, info: OrchErrorInfo = {}) {
    super(message, info.cause === undefined ? undefined : { cause: info.cause })
    this.code = code
    this.hint = info.hint
    this.agent = info.agent
    this.backend = info.backend
    this.outcome = info.outcome ?? 'none'
    this.retryable = info.retryable ?? false
    Object.defineProperty(this, BRAND, { value: true })
  }
}

/** Whether `error` is an {@link OrchError} of any copy of core. */
export function isOrchError(error: unknown): error is OrchError {
  return typeof error === 'object' && error !== null && BRAND in error
}

/** The same error with what its thrower could not know: which agent, which backend. */
export function withContext(
  error: OrchError,
  context: { readonly agent?: string | undefined; readonly backend?: string | undefined },
): OrchError {
  return new OrchError(error.code, error.message, {
    hint: error.hint,
    agent: error.agent ?? context.agent,
    backend: error.backend ?? context.backend,
    outcome: error.outcome,
    retryable: error.retryable,
    cause: error.cause,
  })
}

const DISK_REPAIRS: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'Free some space on that disk'],
  ['EDQUOT', 'Free some space within your quota'],
  ['EFBIG', 'Raise the limit on the size of files'],
  ['EROFS', 'Mount that disk writable'],
  ['EIO', 'Check that disk for damage'],
])

/** Turns a failed file-system call into the right {@link OrchError}: no access, a failing disk, or `fallback`. */
export function fileError(cause: unknown, message: string, fallback: OrchErrorCode): OrchError {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? ''
  const text = `${message}${code ? ` (${code})` : ''}`
  if (code === 'EACCES' || code === 'EPERM')
    return new OrchError('PERMISSION_DENIED', text, { hint: 'Check the owner and mode of that path', cause })
  const repair = DISK_REPAIRS.get(code)
  if (repair !== undefined) return new OrchError('DISK', text, { hint: `${repair}, then try again`, cause })
  return new OrchError(fallback, text, { hint: 'Remove or rename what stands in the way', cause })
}
