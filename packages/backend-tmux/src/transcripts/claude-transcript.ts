import type { TranscriptEntry } from './transcript-entry.ts'

interface Line {
  readonly type?: string
  readonly uuid?: string
  readonly timestamp?: string
  readonly isMeta?: boolean
  readonly isSidechain?: boolean
  /** `harness`: what the program itself put there. */
  readonly rowSource?: string
  readonly message?: { readonly content?: string | readonly Block[] }
}

interface Block {
  readonly type: string
  readonly text?: string
  readonly thinking?: string
  readonly id?: string
  readonly name?: string
  readonly input?: Readonly<Record<string, unknown>>
  readonly tool_use_id?: string
  readonly is_error?: boolean
  readonly content?: string | readonly { readonly text?: string }[]
}

/** What a line of Claude Code's transcript says; most lines say nothing. Measured on 2.1.332. */
export function claudeEntries(text: string): TranscriptEntry[] {
  if (!/"type":"(user|assistant)"/.test(text)) return []
  const { type, uuid = '', timestamp = null, message, ...line } = JSON.parse(text) as Line
  if ((type !== 'user' && type !== 'assistant') || line.isMeta || line.isSidechain || line.rowSource === 'harness')
    return []
  const content = message?.content ?? []
  const blocks: readonly Block[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  return blocks.flatMap((block, index) => entryOf(block, { role: type, id: `${uuid}.${index}`, at: timestamp }) ?? [])
}

interface Place {
  readonly role: 'user' | 'assistant'
  readonly id: string
  readonly at: string | null
}

function entryOf(block: Block, { role, id, at }: Place): TranscriptEntry | null {
  const { type, text, thinking, content = '' } = block
  if (type === 'text' && text) return { type: 'said', kind: 'message', role, id, text, at }
  if (type === 'thinking' && thinking) return { type: 'said', kind: 'reasoning', role, id, text: thinking, at }
  if (type === 'tool_use' && block.id && block.name)
    return { type: 'called', id: block.id, name: block.name, input: block.input ?? {}, at }
  if (type !== 'tool_result' || block.tool_use_id === undefined) return null
  const output = typeof content === 'string' ? content : content.flatMap((piece) => piece.text ?? []).join('\n')
  return { type: 'returned', id: block.tool_use_id, failed: block.is_error === true, output, at }
}
