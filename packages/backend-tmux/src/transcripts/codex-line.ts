/** A line of Codex's session file, as far as it is read. Measured on 0.169.0. */
export interface CodexLine {
  readonly timestamp?: string
  readonly type?: string
  readonly payload?: {
    readonly type?: string
    readonly id?: string
    readonly turn_id?: string
    readonly role?: string
    readonly content?: readonly CodexPiece[]
    readonly summary?: readonly CodexPiece[]
    readonly name?: string
    readonly arguments?: string
    /** Of a tool that takes text. */
    readonly input?: string
    readonly action?: Readonly<Record<string, unknown>>
    readonly call_id?: string
    readonly output?: unknown
    readonly status?: string
    readonly model_context_window?: number
    readonly response_id?: string
    readonly usage?: CodexTokens
  }
}

/** A piece of a message or of a result. */
export interface CodexPiece {
  readonly type?: string
  readonly text?: string
}

/** What a request was billed. */
export interface CodexTokens {
  readonly input_tokens?: number
  readonly cached_input_tokens?: number
  readonly cache_write_input_tokens?: number
  readonly output_tokens?: number
  readonly reasoning_output_tokens?: number
}

/** What Codex itself says as its user. */
const OWN_WORDS = /^\s*(<(environment_context|user_instructions|turn_aborted|skill)\b|# AGENTS\.md instructions)/

/** Pieces as text, each that is none by its kind: an image has megabytes. */
export function textOf(pieces: readonly CodexPiece[] = []): string {
  return pieces.map(({ type = 'unknown', text }) => text ?? `[${type.replace('input_', '')}]`).join('\n')
}

/** What a message says; `''` for what the program itself says as its user. */
export function wordsOf(pieces: readonly CodexPiece[] = []): string {
  const words = textOf(pieces)
  return OWN_WORDS.test(words) ? '' : words
}

/** Whether a line is a message of the user. */
export function isAsked({ type, payload = {} }: CodexLine): boolean {
  const isMessage = type === 'response_item' && payload.type === 'message' && payload.role === 'user'
  return isMessage && wordsOf(payload.content) !== ''
}
