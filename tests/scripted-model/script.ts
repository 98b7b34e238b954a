/**
 * The marker language of the scripted model. A prompt holds any number of markers; text around them is ignored.
 * A marker is `[[name]]` or `[[name: arguments]]`, ends at the first `]]`, and is read in order. In `arguments`,
 * fields are separated by ` | ` and `\n` stands for a new line.
 *
 * | marker | behaviour |
 * |---|---|
 * | `[[answer: text]]` | streams the text word by word |
 * | `[[think: text]]` | streams the text as reasoning |
 * | `[[slow: chunks, ms]]` | streams `chunks` numbered words, `ms` milliseconds before each |
 * | `[[stamps: chunks, ms]]` | streams `chunks` times at which they are written, as `@NANOSECONDS;` of the machine's monotonic clock, `ms` milliseconds before each |
 * | `[[hold: name]]` | keeps the response open until `release(name)`; a released name stays open for good |
 * | `[[hang]]` | never goes on; ends when the client or the model closes the connection |
 * | `[[shell: command]]` | calls the shell tool |
 * | `[[write: path \| content]]` | calls the write tool |
 * | `[[edit: path \| old \| new]]` | calls the edit tool; whether a permission is asked is the server's configuration |
 * | `[[question: text \| a \| b]]` | calls the question tool with these choices |
 * | `[[tool: name \| json]]` | calls any tool, known or not |
 * | `[[phase: Name - note]]` | calls the shell tool with the report command found in the prompt (see phase-command.ts) |
 * | `[[error: status, times]]` | answers the request with this HTTP status, `times` times (`@default` always) |
 * | `[[usage: prompt, cached, completion, reasoning]]` | bills these tokens instead of a quarter of the characters; cached ones are part of the prompt, reasoning is part of the completion |
 * | `[[finish: reason]]` | gives this finish reason, as `length`; with nothing before it the answer is empty |
 * | `[[cut: times]]` | breaks the connection after what came before, `times` times (`@default` always), then goes on |
 * | `[[rate-limit: times, seconds]]` | answers 429 with `retry-after`, then goes on (`@default` 1, 1) |
 *
 * One response of the model runs up to and including the next tool call; the rest follows after the tool's result.
 */
export type Step =
  | { kind: 'answer'; text: string }
  | { kind: 'think'; text: string }
  | { kind: 'slow'; chunks: number; delayMs: number }
  | { kind: 'stamps'; chunks: number; delayMs: number }
  | { kind: 'hold'; name: string }
  | { kind: 'hang' }
  | { kind: 'finish'; reason: string }
  | { kind: 'usage'; usage: TokenUsage }
  | { kind: 'cut'; times: number }
  | { kind: 'tool'; tool: ToolName; input: Record<string, unknown> }
  | { kind: 'phase'; phase: string; note?: string }
  | { kind: 'refuse'; status: number; times: number; retryAfterSeconds?: number }

/** What one response is billed. */
export interface TokenUsage {
  promptTokens: number
  /** Of `promptTokens`. */
  cachedTokens: number
  completionTokens: number
  /** Of `completionTokens`. */
  reasoningTokens: number
}

/** A tool by its role (`shell`, looked up among the tools offered), or any other by its own name. */
export type ToolName = 'shell' | 'write' | 'edit' | 'question' | (string & {})

type Reader = (text: string) => Step

const readers: Record<string, Reader> = {
  answer: (text) => ({ kind: 'answer', text: withNewlines(text) }),
  think: (text) => ({ kind: 'think', text: withNewlines(text) }),
  slow: (text) => {
    const [chunks, delayMs] = numbers(text, [20, 50])
    return { kind: 'slow', chunks, delayMs }
  },
  stamps: (text) => {
    const [chunks, delayMs] = numbers(text, [20, 50])
    return { kind: 'stamps', chunks, delayMs }
  },
  hold: (name) => ({ kind: 'hold', name }),
  hang: () => ({ kind: 'hang' }),
  finish: (reason) => ({ kind: 'finish', reason }),
  usage: (text) => {
    const [promptTokens, cachedTokens, completionTokens, reasoningTokens] = numbers(text, [0, 0, 0, 0])
    return { kind: 'usage', usage: { promptTokens, cachedTokens, completionTokens, reasoningTokens } }
  },
  cut: (text) => {
    const [times] = numbers(text, [Number.POSITIVE_INFINITY, 0])
    return { kind: 'cut', times }
  },
  shell: (command) => ({
    kind: 'tool',
    tool: 'shell',
    input: { command: withNewlines(command), description: 'Runs the scripted command' },
  }),
  write: (text) => {
    const [filePath, content] = fields(text, 2)
    return { kind: 'tool', tool: 'write', input: { filePath, content } }
  },
  edit: (text) => {
    const [filePath, oldString, newString] = fields(text, 3)
    return { kind: 'tool', tool: 'edit', input: { filePath, oldString, newString } }
  },
  question: (text) => {
    const [question = '', ...labels] = text.split(' | ').map(withNewlines)
    const options = labels.map((label) => ({ label, description: `Choose ${label}` }))
    return {
      kind: 'tool',
      tool: 'question',
      input: { questions: [{ question, header: question.slice(0, 30), options }] },
    }
  },
  tool: (text) => {
    const [tool = '', json = '{}'] = fields(text, 2)
    return { kind: 'tool', tool, input: JSON.parse(json) as Record<string, unknown> }
  },
  phase: (text) => {
    const at = text.indexOf(' - ')
    return at < 0
      ? { kind: 'phase', phase: text }
      : { kind: 'phase', phase: text.slice(0, at).trim(), note: text.slice(at + 3).trim() }
  },
  error: (text) => {
    const [status, times] = numbers(text, [500, Number.POSITIVE_INFINITY])
    return { kind: 'refuse', status, times }
  },
  'rate-limit': (text) => {
    const [times, retryAfterSeconds] = numbers(text, [1, 1])
    return { kind: 'refuse', status: 429, times, retryAfterSeconds }
  },
}

/**
 * Reads the markers of a prompt, in order. `[]` when it holds none.
 * Throws an `Error` that names the marker when it is unknown or its arguments cannot be read.
 */
export function parseScript(prompt: string): Step[] {
  const markers = prompt.matchAll(/\[\[([a-z-]+)(?::\s*(.*?))?\s*\]\]/gs)
  return [...markers].map(([marker, name = '', text = '']) => {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined
    if (!reader) throw new Error(`Cannot read marker "${marker}": no such marker`)
    try {
      return reader(text)
    } catch (cause) {
      throw new Error(`Cannot read marker "${marker}": ${(cause as Error).message}`, { cause })
    }
  })
}

function fields(text: string, count: number): string[] {
  const parts = text.split(' | ')
  if (parts.length < count) throw new Error(`it needs ${count} fields separated by " | "`)
  return [...parts.slice(0, count - 1), parts.slice(count - 1).join(' | ')].map(withNewlines)
}

function numbers<T extends number[]>(text: string, defaults: [...T]): T {
  const given = text.split(',').map((part) => part.trim())
  return defaults.map((value, index) => {
    const number = given[index] ? Number(given[index]) : value
    if (Number.isNaN(number)) throw new Error(`"${given[index]}" is not a number`)
    return number
  }) as T
}

function withNewlines(text: string): string {
  return text.replaceAll('\\n', '\n')
}
