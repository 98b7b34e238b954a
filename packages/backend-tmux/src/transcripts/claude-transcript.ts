import { blocksOf, type ClaudeBlock, type ClaudeLine, isConversation } from './claude-line.ts'
import type { TranscriptEntry } from './transcript-entry.ts'

/** What a line of Claude Code's transcript says; most lines say nothing. */
export function claudeEntries(text: string): TranscriptEntry[] {
  if (!/"type":"(user|assistant)"/.test(text)) return []
  const line = JSON.parse(text) as ClaudeLine
  if (!isConversation(line)) return []
  const { type, uuid = '', timestamp: at = null } = line
  const role = type === 'user' ? 'user' : 'assistant'
  const isCommand = line.rowSource === 'local'
  return blocksOf(line).flatMap((block, index) => {
    const shown = isCommand ? { ...block, text: commandIn(block.text ?? '') } : block
    return entryOf(shown, { role, id: `${uuid}.${index}`, at }) ?? []
  })
}

interface Place {
  readonly role: 'user' | 'assistant'
  readonly id: string
  readonly at: string | null
}

function entryOf(block: ClaudeBlock, { role, id, at }: Place): TranscriptEntry | null {
  const { type, text, thinking, content = '' } = block
  if (type === 'text' && text) return { type: 'said', kind: 'message', role, id, text, at }
  if (type === 'thinking' && thinking) return { type: 'said', kind: 'reasoning', role, id, text: thinking, at }
  if (type === 'image' || type === 'document')
    return { type: 'said', kind: 'message', role, id, text: namedPiece(block), at }
  if (/^(server_|mcp_)?tool_use$/.test(type) && block.id && block.name)
    return { type: 'called', id: block.id, name: block.name, input: block.input ?? {}, at }
  if (!type.endsWith('tool_result') || block.tool_use_id === undefined) return null
  const output = typeof content === 'string' ? content : piecesOf(content)
  return { type: 'returned', id: block.tool_use_id, failed: block.is_error === true, output, at }
}

/** The pieces of a result, each that is no text by its kind alone: an image has megabytes. */
function piecesOf(content: readonly ClaudeBlock[] | ClaudeBlock): string {
  const pieces = Array.isArray(content) ? (content as readonly ClaudeBlock[]) : [content as ClaudeBlock]
  return pieces.map((piece) => piece.text ?? namedPiece(piece)).join('\n')
}

function namedPiece({ type }: ClaudeBlock): string {
  return `[${type}]`
}

/** A command of the program's own, as a person typed it. */
function commandIn(text: string): string {
  const [name = '', ...args] = [/<command-name>(.*?)<\/command-name>/s, /<command-args>(.*?)<\/command-args>/s].map(
    (tag) => tag.exec(text)?.[1]?.trim() ?? '',
  )
  return name === '' ? '' : [name, ...args].join(' ').trim()
}
