import type { UsageCounts } from '@orch/core'
import type { ModelId } from './model.ts'
import { type Fields, fields, number, text, textOrNull } from './raw.ts'

/** A stored message. */
export interface StoredMessage {
  readonly id: string
  readonly role: 'user' | 'assistant'
  /** Of an answer: the user message it answers. */
  readonly parentId: string | null
  readonly createdAt: number
  readonly completedAt: number | null
  /** Why the model stopped: `stop`, `tool-calls`, `length` …; `null` while it goes on. */
  readonly finish: string | null
  readonly error: { readonly name: string; readonly text: string } | null
  /** Of an answer: the model that gave it. */
  readonly model: ModelId | null
  /** Of an answer; nothing is known of another message, and nothing was used by an answer that was cut off. */
  readonly usage: UsageCounts
  readonly parts: readonly Part[]
}

/** A part of a message; kinds that orch does not show have `type: 'other'`. */
export interface Part {
  readonly id: string
  readonly messageId: string
  readonly type: 'text' | 'reasoning' | 'tool' | 'other'
  /** What the server put there itself and no person or model wrote. */
  readonly isSynthetic: boolean
  readonly text: string
  /** orch's message id from the part's metadata. */
  readonly tag: string | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly tool: ToolPart | null
}

/** The tool call in a part. */
export interface ToolPart {
  readonly name: string
  readonly callId: string
  readonly status: 'pending' | 'running' | 'completed' | 'error'
  readonly input: Readonly<Record<string, unknown>>
  /** What it returned, has printed so far, or failed with. */
  readonly output: string | null
  /** The server kept only a part of the output. */
  readonly isShortened: boolean
  /** What it changed in files, as a unified diff. */
  readonly diff: string | null
  /** The path of a file it wrote that was not there before. */
  readonly newFile: string | null
  /** The session of the subagent that it runs. */
  readonly subagentId: string | null
}

/** A message with its parts, as the list and the single look give it; `null` when it is none. */
export function parseMessage(value: unknown): StoredMessage | null {
  const { info, parts } = fields(value)
  const all = Array.isArray(parts) ? parts : []
  return parseMessageInfo(
    info,
    all.flatMap((part) => parsePart(part) ?? []),
  )
}

/** A message as an event announces it, without parts unless they are known. */
export function parseMessageInfo(value: unknown, parts: readonly Part[] = []): StoredMessage | null {
  const raw = fields(value)
  const { id, role } = raw
  if (typeof id !== 'string' || (role !== 'user' && role !== 'assistant')) return null
  const time = fields(raw.time)
  return {
    id,
    role,
    parentId: textOrNull(raw.parentID),
    createdAt: number(time.created) ?? 0,
    completedAt: number(time.completed),
    finish: textOrNull(raw.finish),
    error: parseError(raw.error),
    model: parseModelId(raw),
    usage: parseUsage(raw),
    parts,
  }
}

/** A part; `null` when it is none. */
export function parsePart(value: unknown): Part | null {
  const raw = fields(value)
  const { id, messageID, type } = raw
  if (typeof id !== 'string' || typeof messageID !== 'string') return null
  const state = fields(raw.state)
  const time = fields(type === 'tool' ? state.time : raw.time)
  return {
    id,
    messageId: messageID,
    type: type === 'text' || type === 'reasoning' || type === 'tool' ? type : 'other',
    isSynthetic: raw.synthetic === true || raw.ignored === true,
    text: text(raw.text),
    tag: textOrNull(fields(fields(raw.metadata).orch).message),
    startedAt: number(time.start),
    endedAt: number(time.end),
    tool: type === 'tool' ? parseTool(raw, state) : null,
  }
}

function parseTool(raw: Fields, state: Fields): ToolPart {
  const { status } = state
  const known = status === 'pending' || status === 'running' || status === 'completed' || status === 'error'
  const metadata = fields(state.metadata)
  return {
    name: text(raw.tool),
    callId: text(raw.callID),
    status: known ? status : 'pending',
    input: fields(state.input),
    output: textOrNull(state.output) ?? textOrNull(state.error) ?? textOrNull(metadata.output),
    isShortened: metadata.truncated === true,
    diff: textOrNull(metadata.diff),
    newFile: metadata.exists === false ? textOrNull(metadata.filepath) : null,
    subagentId: metadata.parentSessionId === undefined ? null : textOrNull(metadata.sessionId),
  }
}

function parseModelId({ providerID, modelID }: Fields): ModelId | null {
  return typeof providerID === 'string' && typeof modelID === 'string' ? { providerID, modelID } : null
}

/** What a message or a session says of what it used. */
export function parseUsage({ cost, tokens }: Fields): UsageCounts {
  const counts = fields(tokens)
  const cache = fields(counts.cache)
  return {
    inputTokens: number(counts.input),
    outputTokens: number(counts.output),
    reasoningTokens: number(counts.reasoning),
    cacheReadTokens: number(cache.read),
    cacheWriteTokens: number(cache.write),
    costUsd: number(cost),
  }
}

function parseError(value: unknown): StoredMessage['error'] {
  const { name, data } = fields(value)
  if (typeof name !== 'string') return null
  return { name, text: text(fields(data).message) || name }
}
