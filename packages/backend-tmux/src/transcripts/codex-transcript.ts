import { type CodexLine, type CodexPiece, textOf, wordsOf } from './codex-line.ts'
import type { TranscriptEntry } from './transcript-entry.ts'

/** What a line of Codex's session file says; most lines say nothing. */
export function codexEntries(text: string): TranscriptEntry[] {
  if (!text.includes('"response_item"')) return []
  const { timestamp: at = null, type, payload = {} } = JSON.parse(text) as CodexLine
  if (type !== 'response_item') return []
  const { id = '', role, call_id: call = '', name = '' } = payload
  if (payload.type === 'message' && (role === 'user' || role === 'assistant')) {
    const said = wordsOf(payload.content)
    return said === '' ? [] : [{ type: 'said', kind: 'message', role, id, text: said, at }]
  }
  if (payload.type === 'reasoning') {
    const said = textOf(payload.summary)
    return said === '' ? [] : [{ type: 'said', kind: 'reasoning', role: 'assistant', id, text: said, at }]
  }
  if (payload.type === 'function_call')
    return [{ type: 'called', id: call, name, input: inputOf(payload.arguments), at }]
  if (payload.type === 'custom_tool_call')
    return [{ type: 'called', id: call, name, input: { input: payload.input ?? '' }, at }]
  if (payload.type === 'web_search_call') return searched(id || `search ${at}`, payload.action, at)
  if (payload.type !== 'function_call_output' && payload.type !== 'custom_tool_call_output') return []
  const output = outputOf(payload.output)
  return [{ type: 'returned', id: call, failed: hasFailed(output), output, at }]
}

/** A search is written down once it is over, without what it found. */
function searched(id: string, action: Readonly<Record<string, unknown>> = {}, at: string | null): TranscriptEntry[] {
  return [
    { type: 'called', id, name: 'web_search', input: action, at },
    { type: 'returned', id, failed: false, output: '', at },
  ]
}

function outputOf(output: unknown): string {
  if (typeof output === 'string') return output
  return Array.isArray(output) ? textOf(output as readonly CodexPiece[]) : JSON.stringify(output ?? '')
}

/** What the program says of a command stands before what the command said. */
function hasFailed(output: string): boolean {
  return /exited with code [1-9]/.test(output.split('\nOutput:\n', 1)[0] ?? '')
}

function inputOf(text = '{}'): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { arguments: text }
  }
}
