import { fileError, isOrchError, OrchError, sanitize } from '@orch/core'
import { ERROR_EXIT_CODES } from './exit-codes.ts'
import { type Io, Unwritable } from './io.ts'
import { jsonLine, printTalk } from './output.ts'

const REPORT = 'Please report it, with what the same command prints under ORCH_DEBUG=1'

/** Says on stderr what went wrong and what to do next, as text or as a JSON document, and returns the exit code. */
export async function reportError(error: unknown, argv: readonly string[], io: Io): Promise<number> {
  const known = error instanceof Unwritable ? answerLost(error) : isOrchError(error) ? error : undefined
  const code = known?.code ?? 'UNEXPECTED'
  const exitCode = ERROR_EXIT_CODES[code] ?? ERROR_EXIT_CODES.UNEXPECTED
  const message = known?.message ?? `Cannot go on: ${messageOf(error)}`
  const hint = known === undefined ? REPORT : (known.hint ?? null)
  if (wantsJson(argv)) {
    const document = { apiVersion: 1, error: { code, message, hint, ...details(known), exitCode } }
    await printTalk(io.stderr, jsonLine(document))
  } else {
    await printTalk(io.stderr, `orch: ${sanitize(message)}\n`)
    if (hint !== null) await printTalk(io.stderr, `  → ${sanitize(hint)}\n`)
  }
  if (io.env.ORCH_DEBUG === '1') await printTalk(io.stderr, `${sanitize(traceOf(error))}\n`)
  return exitCode
}

function details(known: OrchError | undefined): object {
  return {
    agent: known?.agent ?? null,
    backend: known?.backend ?? null,
    outcome: known?.outcome ?? 'unknown',
    retryable: known?.retryable ?? false,
  }
}

/** The work of the command may be done although nobody gets to read of it. */
function answerLost({ cause, begun }: Unwritable): OrchError {
  const { code, message, hint } = fileError(
    cause,
    'Cannot write the answer to stdout: nothing more can be written there',
    'DISK',
  )
  if (begun.length === 0) return new OrchError(code, message, { hint, outcome: 'unknown', cause })
  const [first, ...more] = begun
  const agents = begun.map((id) => `"${id}"`).join(', ')
  return new OrchError(code, `${message}; what it began is ${agents}`, {
    hint: more.length === 0 ? `See it with "orch check ${first}"` : 'See them with "orch status"',
    agent: more.length === 0 ? first : undefined,
    outcome: 'unknown',
    cause,
  })
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const trace = error.stack ?? messageOf(error)
  return error.cause === undefined ? trace : `${trace}\nCaused by: ${traceOf(error.cause)}`
}
