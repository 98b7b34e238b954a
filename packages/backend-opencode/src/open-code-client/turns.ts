import { type CallOptions, checkId } from './call-options.ts'
import type { Caller } from './caller.ts'
import type { AssistantMessage, Operations, Part, SessionStatus, SnapshotFileDiff, Todo } from './types.generated.ts'

type PromptBody = Operations['session.prompt']['body']

/** A text, file, agent or subtask in a prompt. */
export type PromptPart = PromptBody['parts'][number]

/**
 * A prompt: `text`, `parts`, or both, the text first. `agent` holds for this prompt only. `model` holds for later ones too;
 * after one that the server does not know, every prompt without a model fails.
 */
export interface PromptInput extends Omit<PromptBody, 'messageID' | 'parts' | 'noReply'> {
  readonly sessionId: string
  readonly text?: string | undefined
  readonly parts?: readonly PromptPart[] | undefined
}

/** The last message of a turn. */
export interface PromptAnswer {
  /** Has `error` when the turn failed or was aborted. */
  readonly info: AssistantMessage
  readonly parts: readonly Part[]
}

/** What makes the sessions of a server work, and shows what they do. */
export interface Turns {
  /**
   * Sends a prompt and waits for the end of its turn, which goes on in the server when the call ends early.
   * Its deadline is the client's `promptTimeoutMs` unless `timeoutMs` says otherwise.
   * @returns `null`: the server does not know the session.
   */
  prompt(prompt: PromptInput, options?: CallOptions): Promise<PromptAnswer | null>
  /**
   * Sends a prompt and returns when the server has taken it. It is stored a little later, and what hinders its turn, such
   * as an unknown agent, is told by the events only.
   * @returns `false`: the server does not know the session.
   */
  promptAsync(prompt: PromptInput, options?: CallOptions): Promise<boolean>
  /** Ends the turn of a session, if one runs. @returns `false`: the server does not know the session. */
  abort(sessionId: string, options?: CallOptions): Promise<boolean>
  /**
   * The sessions of a directory that are not idle, by id. One that was just given its first prompt may be missing for a
   * moment.
   */
  status(options?: CallOptions): Promise<Readonly<Record<string, SessionStatus>>>
  /** The list that the agent keeps of what is to be done; `null`: the server does not know the session. */
  todo(sessionId: string, options?: CallOptions): Promise<readonly Todo[] | null>
  /**
   * The changes to files that a prompt made, given the id of its user message: told a little after the turn has ended, and
   * never when the server takes no snapshots.
   * `null`: the server does not know the session.
   */
  diff(
    of: { readonly sessionId: string; readonly messageId?: string | undefined },
    options?: CallOptions,
  ): Promise<readonly SnapshotFileDiff[] | null>
}

/** The turns in the server behind a caller. @param promptTimeoutMs deadline of a turn that is waited for. */
export function createTurns(caller: Caller, promptTimeoutMs: number): Turns {
  const pathOf = (sessionId: string): { sessionID: string } => ({ sessionID: checkId('session', sessionId) })
  const isThere = async (sessionId: string, options: CallOptions | undefined): Promise<boolean> =>
    (await caller.find('session.get', { path: pathOf(sessionId) }, options)) !== null
  return {
    prompt: async ({ sessionId, ...prompt }, options) =>
      caller.find(
        'session.prompt',
        { path: pathOf(sessionId), body: bodyOf(prompt) },
        { ...options, timeoutMs: options?.timeoutMs ?? promptTimeoutMs },
      ),
    promptAsync: async ({ sessionId, ...prompt }, options) =>
      caller.did('session.prompt_async', { path: pathOf(sessionId), body: bodyOf(prompt) }, options),
    async abort(sessionId, options) {
      if (!(await isThere(sessionId, options))) return false
      return caller.did('session.abort', { path: pathOf(sessionId) }, options)
    },
    status: (options) => caller.ask('session.status', {}, options),
    todo: async (sessionId, options) => caller.find('session.todo', { path: pathOf(sessionId) }, options),
    async diff({ sessionId, messageId }, options) {
      const query = messageId === undefined ? {} : { messageID: checkId('message', messageId) }
      const found = await caller.ask('session.diff', { path: pathOf(sessionId), query }, options)
      return found.length > 0 || (await isThere(sessionId, options)) ? found : null
    },
  }
}

/** The server takes a prompt without anything in it, and starts a turn. */
function bodyOf({ text, parts = [], ...rest }: Omit<PromptInput, 'sessionId'>): PromptBody {
  const all: readonly PromptPart[] = text === undefined ? parts : [{ type: 'text', text }, ...parts]
  if (all.some((part) => part.type !== 'text' || part.text.trim() !== '')) return { ...rest, parts: all }
  throw new TypeError('Cannot send a prompt: there is nothing in it')
}
