/** One message of an OpenAI chat-completions request, as far as the scripted model reads it. */
export interface ChatMessage {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool'
  content?: string | ContentPart[] | null
  tool_calls?: unknown[]
}

/** A piece of a message: text, an image, or another file. */
interface ContentPart {
  type: string
  text?: string
  image_url?: { url: string }
  file?: { file_data?: string }
}

/** The body of `POST /v1/chat/completions`, as far as the scripted model reads it. */
export interface ChatRequest {
  model: string
  messages: ChatMessage[]
  stream?: boolean
  tools?: { function: { name: string } }[]
}

/** Where a conversation stands: what the newest user message says and how far its script has come. */
export interface Position {
  /** Text of the newest user message. */
  prompt: string
  /** Tool calls that the model made since that message and that have their result. */
  toolCallsDone: number
  /** Text of the newest tool result since that message. */
  lastToolResult?: string
}

/** The text of a message; parts of other types are left out. */
function textOf(message: ChatMessage): string {
  if (typeof message.content === 'string') return message.content
  return (message.content ?? []).flatMap((part) => (part.text === undefined ? [] : [part.text])).join('\n')
}

/** The texts of all messages of these roles, oldest first. */
export function textsOf(messages: ChatMessage[], ...roles: ChatMessage['role'][]): string[] {
  return messages.filter((message) => roles.includes(message.role)).map(textOf)
}

/** The contents of all images and other files in user messages, base64, oldest first; a text file arrives as text. */
export function filesOf(messages: ChatMessage[]): string[] {
  const parts = messages.flatMap(({ role, content }) => (role === 'user' && Array.isArray(content) ? content : []))
  return parts.flatMap(({ image_url, file }) => {
    const url = image_url?.url ?? file?.file_data
    return url === undefined ? [] : [url.replace(/^data:[^,]*,/, '')]
  })
}

/** Finds the newest user message and what followed it. */
export function positionOf(messages: ChatMessage[]): Position {
  const newest = messages.findLastIndex((message) => message.role === 'user')
  const after = messages.slice(newest + 1)
  const lastResult = after.findLast((message) => message.role === 'tool')
  const prompt = messages[newest]
  return {
    prompt: prompt ? textOf(prompt) : '',
    toolCallsDone: after.filter((message) => message.tool_calls?.length).length,
    ...(lastResult && { lastToolResult: textOf(lastResult) }),
  }
}

/**
 * Whether a request is one that an agent program makes for itself (a title, a summary) and not a turn of the agent.
 * They carry the user's text, markers included, and must not run them.
 */
export function isHousekeeping(request: ChatRequest): boolean {
  return request.model === smallModel || !request.tools?.length
}

/** Id of the model to configure for an agent program's small tasks. */
export const smallModel = 'small'

/** Id of the model that runs scripts. */
export const mainModel = 'scripted'
