import { type Item, sanitize, type ToolCall } from '@orch/core'
import type { Part, StoredMessage, ToolPart } from './parse-message.ts'

/** The inputs in which a tool says by itself what it does, in one line. */
const TELLING_INPUTS = ['command', 'filePath', 'path', 'pattern', 'url', 'query', 'description']

/** A text of more characters than this is cut, and its item says so. */
export const LONGEST_TEXT = 1_000_000

/** What is known of a part from elsewhere. */
export interface PartContext {
  /** When its message was made, milliseconds since 1970. */
  readonly at: number | null
  readonly raw: boolean
  /** Title of the subagent whose session holds it; `null` for the agent's own. */
  readonly from: string | null
}

/** The parts of a message that are shown, as items; a part that says nothing yet is left out. */
export function itemsOf(message: StoredMessage, raw: boolean, from: string | null = null): Item[] {
  return message.parts.flatMap((part) => {
    const item = itemOf(part, message.role, { at: message.createdAt, raw, from })
    return item === null || (item.tool === null && item.text === '') ? [] : [item]
  })
}

/** A part as an item; `null` for parts that are not shown. */
export function itemOf(part: Part, role: StoredMessage['role'], { at, raw, from }: PartContext): Item | null {
  if (part.type === 'other' || part.isSynthetic) return null
  const clean = (text: string): string => (raw ? text : sanitize(text)).slice(0, LONGEST_TEXT)
  const time = part.startedAt ?? at
  const diff = diffOf(part.tool)
  return {
    id: part.id,
    kind: kindOf(part, diff),
    role,
    text: part.tool === null ? clean(part.text) : diff === null ? null : clean(diff),
    tool: part.tool === null ? null : toolCall(part, part.tool, clean),
    truncated: isCut(part, diff),
    final: isFinal(part, role),
    at: time === null ? null : new Date(time).toISOString(),
    from: from === null ? null : sanitize(from),
  }
}

function kindOf({ type }: Part, diff: string | null): Item['kind'] {
  if (diff !== null) return 'diff'
  return type === 'tool' || type === 'reasoning' ? type : 'message'
}

/** What a finished call changed; the server gives none for a file that was not there. */
function diffOf(tool: ToolPart | null): string | null {
  if (tool?.status !== 'completed') return null
  const { diff, newFile, input } = tool
  if (diff !== null) return diff
  return newFile === null || typeof input.content !== 'string' ? null : newFileDiff(newFile, input.content)
}

function newFileDiff(path: string, content: string): string {
  const isClosed = content.endsWith('\n')
  const lines = content === '' ? [] : (isClosed ? content.slice(0, -1) : content).split('\n')
  const hunk = lines.length === 0 ? [] : [`@@ -0,0 +1,${lines.length} @@`, ...lines.map((line) => `+${line}`)]
  const end = isClosed || lines.length === 0 ? [] : ['\\ No newline at end of file']
  return `${['--- /dev/null', `+++ ${path}`, ...hunk, ...end].join('\n')}\n`
}

function isCut({ text, tool }: Part, diff: string | null): boolean {
  if (tool === null) return text.length > LONGEST_TEXT
  return (
    tool.isShortened || [inputText(tool.input), tool.output, diff].some((each) => (each?.length ?? 0) > LONGEST_TEXT)
  )
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
