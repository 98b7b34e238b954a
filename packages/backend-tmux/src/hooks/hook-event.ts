import type { JsonObject } from '@orch/core'

/** Something that a program told. */
export interface HookEvent {
  /** Names it among the events of its run. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** What happened, as the program names it. */
  readonly name: string
  /** The kind of the subagent that it happened to; `null` for the agent itself. */
  readonly subagent: string | null
  /** What was told; empty where only the beginning was kept. */
  readonly fields: JsonObject
  /** The tool and its input as they were told, perhaps cut off; `''` for an event without a tool. */
  readonly call: string
  /** Set when no hook told of it, but the transcript. */
  readonly source?: 'transcript'
}

/** Reads one line of a run's events; `null` for anything else. */
export function parseHookEvent(line: string): HookEvent | null {
  const match = /^(\d{1,15})-\d+ (\{.*)$/.exec(line)
  if (match === null) return null
  const [head = '', at, text = ''] = match
  const name = /"hook_event_name":\s*"(\w+)"/.exec(text)?.[1]
  if (name === undefined) return null
  const begin = text.indexOf('"tool_name":')
  return {
    id: head.slice(0, head.indexOf(' ')),
    at: Number(at),
    name,
    subagent: subagentIn(text),
    fields: fieldsOf(text),
    call: begin < 0 ? '' : text.slice(begin),
  }
}

/** Whether two events are of the same call: what is known of both is the same. */
export function isSameCall(one: HookEvent, other: HookEvent): boolean {
  const [a, b] = [callOf(one), callOf(other)]
  const length = Math.min(a.length, b.length)
  return length > 0 && a.slice(0, length) === b.slice(0, length)
}

/** Without what follows the input, which differs from event to event. */
function callOf({ call, fields }: HookEvent): string {
  const { tool_name: name, tool_input: input } = fields
  return name === undefined ? call : `"tool_name":${JSON.stringify(name)},"tool_input":${JSON.stringify(input)}`
}

function subagentIn(text: string): string | null {
  if (!/"agent_id":\s*"/.test(text)) return null
  return /"agent_type":\s*"([^"\\]*)"/.exec(text)?.[1] ?? 'subagent'
}

function fieldsOf(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject
  } catch {
    return {}
  }
}
