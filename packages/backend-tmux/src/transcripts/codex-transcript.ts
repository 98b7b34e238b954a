import type { TranscriptEntry } from './transcript-entry.ts'

interface Line {
  readonly timestamp?: string
  readonly type?: string
  readonly payload?: {
    readonly type?: string
    readonly id?: string
    readonly role?: string
    readonly content?: readonly { readonly text?: string }[]
    readonly summary?: readonly { readonly text?: string }[]
    readonly name?: string
    readonly arguments?: string
    readonly call_id?: string
    readonly output?: unknown
  }
}

/** What Codex itself says as its user. */
const OWN_WORDS = /^\s*(<(environment_context|user_instructions|turn_aborted|skill)\b|# AGENTS\.md instructions)/

/** What a line of Codex's session file says; most lines say nothing. Measured on 0.169.0. */
export function codexEntries(text: string): TranscriptEntry[] {
  if (!text.includes('"response_item"')) return []
  const { timestamp: at = null, type, payload = {} } = JSON.parse(text) as Line
  if (type !== 'response_item') return []
  const { id = '', role, call_id: call = '', name = '' } = payload
  if (payload.type === 'message' && (role === 'user' || role === 'assistant')) {
    const said = textOf(payload.content)
    return said === '' || OWN_WORDS.test(said) ? [] : [{ type: 'said', kind: 'message', role, id, text: said, at }]
  }
  if (payload.type === 'reasoning') {
    const said = textOf(payload.summary)
    return said === '' ? [] : [{ type: 'said', kind: 'reasoning', role: 'assistant', id, text: said, at }]
  }
  if (payload.type === 'function_call')
    return [{ type: 'called', id: call, name, input: inputOf(payload.arguments), at }]
  if (payload.type !== 'function_call_output') return []
  const output = typeof payload.output === 'string' ? payload.output : JSON.stringify(payload.output)
  return [{ type: 'returned', id: call, failed: /exited with code [1-9]/.test(output), output, at }]
}

function textOf(pieces: readonly { readonly text?: string }[] = []): string {
  return pieces.flatMap(({ text }) => text ?? []).join('\n')
}

function inputOf(text = '{}'): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { arguments: text }
  }
}
