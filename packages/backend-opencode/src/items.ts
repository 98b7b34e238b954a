import { type Item, sanitize, type ToolCall } from '@orch/core'
import type { Part, StoredMessage, ToolPart } from './parse.ts'

/** The inputs in which a tool says by itself what it does, in one line. */
const TELLING_INPUTS = ['command', 'filePath', 'path', 'pattern', 'url', 'query', 'description']

/** The parts of a message that are shown, as items; a part that says nothing yet is left out. */
export function itemsOf(message: StoredMessage, raw: boolean): Item[] {
  return message.parts.flatMap((part) => {
    const item = itemOf(part, message.role, { at: message.createdAt, raw })
    return item === null || (item.tool === null && item.text === '') ? [] : [item]
  })
}

/** A part as an item; `null` for parts that are not shown. */
export function itemOf(
  part: Part,
  role: StoredMessage['role'],
  { at, raw }: { readonly at: number | null; readonly raw: boolean },
): Item | null {
  if (part.type === 'other' || part.isSynthetic) return null
  const clean = (text: string): string => (raw ? text : sanitize(text))
  const time = part.startedAt ?? at
  const tool = part.tool === null ? null : toolCall(part, part.tool, clean)
  return {
    id: part.id,
    kind: part.type === 'tool' ? 'tool' : part.type === 'reasoning' ? 'reasoning' : 'message',
    role,
    text: tool === null ? clean(part.text) : null,
    tool,
    truncated: false,
    final: isFinal(part, role),
    at: time === null ? null : new Date(time).toISOString(),
    from: null,
  }
}

function toolCall({ startedAt, endedAt }: Part, tool: ToolPart, clean: (text: string) => string): ToolCall {
  return {
    name: tool.name,
    status: tool.status,
    input: clean(inputText(tool.input)),
    output: tool.output === null ? null : clean(tool.output),
    durationMs: startedAt === null || endedAt === null ? null : endedAt - startedAt,
  }
}

/** The one input that tells what happens, when there is only one such and no more to it; else all of them as JSON. */
function inputText(input: ToolPart['input']): string {
  const names = Object.keys(input)
  if (names.length === 0) return ''
  const telling = TELLING_INPUTS.find((name) => typeof input[name] === 'string')
  const rest = names.filter((name) => name !== telling && name !== 'description' && name !== 'timeout')
  return telling !== undefined && rest.length === 0 ? String(input[telling]) : JSON.stringify(input)
}

function isFinal(part: Part, role: StoredMessage['role']): boolean {
  if (part.tool !== null) return part.tool.status === 'completed' || part.tool.status === 'error'
  return role === 'user' || part.endedAt !== null
}
