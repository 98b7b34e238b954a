import { type Item, sanitize, type ToolCall } from '@orch/core'

/** What one line of a program's transcript says: something new, or how a tool call ended. */
export type TranscriptEntry =
  | {
      readonly type: 'said'
      readonly id: string
      readonly kind: 'message' | 'reasoning'
      readonly role: 'user' | 'assistant'
      readonly text: string
      readonly at: string | null
    }
  | {
      readonly type: 'called'
      readonly id: string
      readonly name: string
      readonly input: Readonly<Record<string, unknown>>
      readonly at: string | null
    }
  | {
      readonly type: 'returned'
      /** Of the call. */
      readonly id: string
      readonly failed: boolean
      readonly output: string
      readonly at: string | null
    }

/** A text of more characters than this is cut, and its item says so. */
const LONGEST_TEXT = 1_000_000

/** The inputs in which a tool says by itself what it does, in one line. */
const TELLING_INPUTS = ['command', 'cmd', 'file_path', 'path', 'pattern', 'url', 'query', 'input']

/** Makes items of entries, one after the other; the end of a call replaces its item. */
export class ItemMaker {
  readonly #raw: boolean
  readonly #calls = new Map<string, Item>()

  constructor(raw: boolean) {
    this.#raw = raw
  }

  /** The item that an entry makes or changes; `null` for the end of a call that was not seen. */
  make(entry: TranscriptEntry): Item | null {
    const { id, at } = entry
    const base = { id, text: null, tool: null, at, from: null, truncated: false, final: true }
    if (entry.type === 'said')
      return {
        ...base,
        kind: entry.kind,
        role: entry.role,
        text: this.#clean(entry.text),
        truncated: isLong(entry.text),
      }
    if (entry.type === 'called') {
      const input = inputText(entry.input)
      const tool: ToolCall = {
        name: this.#clean(entry.name),
        status: 'running',
        input: this.#clean(input),
        output: null,
        durationMs: null,
      }
      const item: Item = { ...base, kind: 'tool', role: 'assistant', tool, truncated: isLong(input), final: false }
      this.#calls.set(id, item)
      return item
    }
    return this.#ended(entry)
  }

  #ended({ id, failed, output, at }: Extract<TranscriptEntry, { type: 'returned' }>): Item | null {
    const item = this.#calls.get(id)
    if (item === undefined || item.tool === null) return null
    this.#calls.delete(id)
    const durationMs = item.at === null || at === null ? null : Math.max(0, Date.parse(at) - Date.parse(item.at))
    const tool: ToolCall = {
      ...item.tool,
      status: failed ? 'error' : 'completed',
      output: this.#clean(output),
      durationMs,
    }
    return { ...item, tool, truncated: item.truncated || isLong(output), final: true }
  }

  #clean(text: string): string {
    return (this.#raw ? text : sanitize(text)).slice(0, LONGEST_TEXT)
  }
}

function isLong(text: string): boolean {
  return text.length > LONGEST_TEXT
}

/** The one input that tells what happens, when there is no more to it; else all of them as JSON. */
function inputText(input: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(input)
  if (names.length === 0) return ''
  const telling = TELLING_INPUTS.find((name) => typeof input[name] === 'string')
  const rest = names.filter((name) => name !== telling && name !== 'description' && name !== 'timeout')
  return telling !== undefined && rest.length === 0 ? String(input[telling]) : JSON.stringify(input)
}
