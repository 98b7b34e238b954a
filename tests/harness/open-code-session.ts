import { eventually } from './eventually.ts'
import type { OpenCodeServer } from './start-open-code.ts'

/** A stored message as the server shows it, as far as tests read it. */
export interface StoredMessage {
  info: {
    id: string
    role: 'user' | 'assistant'
    parentID?: string
    finish?: string
    error?: { name: string; data: Record<string, unknown> }
    time: { created: number; completed?: number }
  }
  parts: StoredPart[]
}

/** A part of a message, as far as tests read it. */
export interface StoredPart {
  id: string
  type: string
  text?: string
  tool?: string
  state?: { status: string; input: unknown; output?: string; error?: string }
}

/** One session of a server, spoken to with plain HTTP: what a user without orch would do. */
export interface OpenCodeSession {
  id: string
  /** Sends a text and does not wait for its answer. */
  prompt(text: string): Promise<void>
  messages(): Promise<StoredMessage[]>
  /** Resolves to all messages once the newest is a completed answer and the session is not in `/session/status`. */
  turnEnd(): Promise<StoredMessage[]>
  /** The open permissions or questions of this session, at least one; waits for it. */
  requests(kind: 'permission' | 'question'): Promise<{ id: string; [key: string]: unknown }[]>
  /** The session's entry in `/session/status`, `undefined` when idle. */
  status(): Promise<{ type: string; [key: string]: unknown } | undefined>
}

/** Creates a session in a directory. `body` is merged over a title. */
export async function openCodeSession(
  server: OpenCodeServer,
  directory: string,
  body: Record<string, unknown> = {},
): Promise<OpenCodeSession> {
  const { id } = await server.call<{ id: string }>('POST', '/session', {
    directory,
    body: { title: 'Test', ...body },
  })
  const messages = (): Promise<StoredMessage[]> => server.call('GET', `/session/${id}/message`)
  const status: OpenCodeSession['status'] = async () => {
    const all = await server.call<Record<string, { type: string }>>('GET', '/session/status', { directory })
    return all[id]
  }
  return {
    id,
    messages,
    status,
    prompt: (text) =>
      server.call('POST', `/session/${id}/prompt_async`, {
        directory,
        body: { parts: [{ type: 'text', text }] },
      }),
    turnEnd: () =>
      eventually(
        async () => {
          const all = await messages()
          const last = all.at(-1)?.info
          const hasAnswer = last?.role === 'assistant' && last.time.completed !== undefined
          return hasAnswer && (await status()) === undefined && all
        },
        { timeoutMs: 30_000, what: `the end of the turn of "${id}"` },
      ),
    requests: (kind) =>
      eventually(
        async () => {
          const all = await server.call<{ id: string; sessionID: string }[]>('GET', `/${kind}`, { directory })
          const own = all.filter((request) => request.sessionID === id)
          return own.length > 0 && own
        },
        { what: `a ${kind} of "${id}"` },
      ),
  }
}
