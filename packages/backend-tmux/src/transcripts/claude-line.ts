/** A line of Claude Code's transcript, as far as it is read. Measured on 2.1.332. */
export interface ClaudeLine {
  readonly type?: string
  readonly subtype?: string
  readonly uuid?: string
  readonly timestamp?: string
  readonly requestId?: string
  readonly isMeta?: boolean
  readonly isSidechain?: boolean
  /** `harness`: what the program itself put there; `local`: a command of its own that a person gave. */
  readonly rowSource?: string
  /** Who gave a message, where that is told: `human`, or for example the end of a subagent. */
  readonly origin?: { readonly kind?: string } | null
  readonly isApiErrorMessage?: boolean
  readonly message?: {
    readonly id?: string
    /** `<synthetic>`: no model said it. */
    readonly model?: string
    readonly content?: string | readonly ClaudeBlock[]
    readonly usage?: ClaudeTokens
  }
  readonly totalCostUSD?: number
  readonly hasUnknownModelCost?: boolean
  readonly modelUsage?: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** A piece of a message. */
export interface ClaudeBlock {
  readonly type: string
  readonly text?: string
  readonly thinking?: string
  readonly id?: string
  readonly name?: string
  readonly input?: Readonly<Record<string, unknown>>
  readonly tool_use_id?: string
  readonly is_error?: boolean
  readonly content?: string | readonly ClaudeBlock[]
}

/** What a request was billed. */
export interface ClaudeTokens {
  readonly input_tokens?: number
  readonly output_tokens?: number
  readonly output_tokens_details?: { readonly thinking_tokens?: number } | null
  readonly cache_read_input_tokens?: number
  readonly cache_creation_input_tokens?: number
}

/** What a line says, in pieces. */
export function blocksOf({ message }: ClaudeLine): readonly ClaudeBlock[] {
  const content = message?.content ?? []
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

/** Whether a line is part of what the agent itself and its user said, and not of what the program or a subagent did. */
export function isConversation(line: ClaudeLine): boolean {
  const { type, isMeta, isSidechain, rowSource, origin } = line
  if ((type !== 'user' && type !== 'assistant') || isMeta || isSidechain || rowSource === 'harness') return false
  if (endsCutOffTurn(line)) return false
  return origin?.kind === undefined || origin.kind === 'human'
}

/** Whether it is what the program says for the model when it goes on with a conversation whose last turn was cut off. */
function endsCutOffTurn({ message, isApiErrorMessage }: ClaudeLine): boolean {
  return message?.model === '<synthetic>' && isApiErrorMessage === false
}

/** Whether a line is a message of the user, which begins a turn. */
export function isAsked(line: ClaudeLine): boolean {
  const isMessage = line.type === 'user' && line.rowSource !== 'local' && isConversation(line)
  return isMessage && blocksOf(line).some(({ type }) => type !== 'tool_result')
}

/** Whether a line says that a turn was broken off. */
export function isInterruption(line: ClaudeLine): boolean {
  return (
    line.rowSource === 'harness' &&
    blocksOf(line).some(({ text }) => text?.startsWith('[Request interrupted by user') === true)
  )
}
