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

/**
 * Reads one line of a run's events; `null` for anything else. What was told is taken apart when it is asked for: of most
 * events only the name is.
 */
export function parseHookEvent(line: string): HookEvent | null {
  const head = /^(\d{1,15})-\d+ (?=\{)/.exec(line)
  if (head === null) return null
  const text = line.slice(head[0].length)
  const name = nameIn(text)
  if (name === null) return null
  return new ToldEvent({ id: head[0].trimEnd(), at: Number(head[1]), name, text })
}

/** A class, as each object with getters of its own would keep its line until the next full garbage collection. */
class ToldEvent implements HookEvent {
  readonly id: string
  readonly at: number
  readonly name: string
  readonly subagent: string | null
  readonly #text: string
  readonly #tool: number
  #fields: JsonObject | null = null

  constructor({ id, at, name, text }: Pick<HookEvent, 'id' | 'at' | 'name'> & { readonly text: string }) {
    this.id = id
    this.at = at
    this.name = name
    this.#text = text
    this.#tool = text.indexOf('"tool_name":')
    this.subagent = subagentIn(text, this.#tool)
  }

  get fields(): JsonObject {
    this.#fields ??= fieldsOf(this.#text)
    return this.#fields
  }

  get call(): string {
    return this.#tool < 0 ? '' : this.#text.slice(this.#tool)
  }
}

/** The name of the event in a line or its JSON; `null` when there is none. */
export function nameIn(text: string): string | null {
  return /"hook_event_name":\s*"(\w+)"/.exec(text)?.[1] ?? null
}

/** Whether an event says that the agent was given a message. */
export function isMessage({ name, subagent }: HookEvent): boolean {
  return name === 'UserPromptSubmit' && subagent === null
}

/** Whether an event happened to the agent itself, not to one of its subagents. */
export function isOwn({ name, subagent }: HookEvent): boolean {
  return subagent === null && !/^(Subagent|Notification)/.test(name)
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

/** It stands before the tool, whose input may hold anything. */
function subagentIn(text: string, tool: number): string | null {
  const told = tool < 0 ? text : text.slice(0, tool)
  if (!/"agent_id":\s*"/.test(told)) return null
  return /"agent_type":\s*"([^"\\]*)"/.exec(told)?.[1] ?? 'subagent'
}

function fieldsOf(text: string): JsonObject {
  // Of most that is cut off this is known at once: an error takes longer than all else of a look at an event.
  if (!text.endsWith('}')) return {}
  try {
    return JSON.parse(text) as JsonObject
  } catch {
    return {}
  }
}
