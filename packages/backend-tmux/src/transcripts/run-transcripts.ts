import { type EventPlace, eventsAfter } from '../hooks/event-parts.ts'

/** A conversation that a run wrote down. */
export interface WrittenConversation {
  readonly path: string
  /** Whether it was given a message: before that there may be no file. */
  readonly isAsked: boolean
}

/** Which transcripts the program of a run named in its events, in the order in which it began them; read as they are added to. */
export class RunTranscripts {
  readonly #events: string
  readonly #asked = new Map<string, boolean>()
  readonly #subagents = new Set<string>()
  #read: EventPlace | null = null

  /** @param events the file that holds the events of the run */
  constructor(events: string) {
    this.#events = events
  }

  /** Those of the agent itself. */
  conversations(): readonly WrittenConversation[] {
    this.#readOn()
    return [...this.#asked].map(([path, isAsked]) => ({ path, isAsked }))
  }

  /** Those that the hooks of its subagents named. */
  subagents(): readonly string[] {
    this.#readOn()
    return [...this.#subagents]
  }

  #readOn(): void {
    for (const { text, place } of eventsAfter(this.#events, this.#read)) {
      this.#read = place
      const below = pathIn(text, 'agent_transcript_path')
      if (below !== null && isEvent(text, 'SubagentStop')) this.#subagents.add(below)
      const path = text.includes('"agent_id":"') ? null : pathIn(text, 'transcript_path')
      if (path !== null) this.#asked.set(path, this.#asked.get(path) === true || isEvent(text, 'UserPromptSubmit'))
    }
  }
}

/** The first of its name: what a model says stands behind it. */
function pathIn(line: string, name: string): string | null {
  const match = new RegExp(`"${name}":\\s*("(?:[^"\\\\]|\\\\.)*")`).exec(line)
  try {
    return match === null ? null : (JSON.parse(match[1] as string) as string)
  } catch {
    return null
  }
}

function isEvent(line: string, name: string): boolean {
  return /"hook_event_name":\s*"(\w+)"/.exec(line)?.[1] === name
}
