import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { AgentRef, AnswerResult, Evidence, Reply } from '@orch/core'
import { OrchError, recheck } from '@orch/core'
import type { Context } from './context.ts'
import { hasEnded } from './has-ended.ts'
import type { HookEvent } from './hooks/hook-event.ts'
import { decisionOn } from './hooks/hook-requests.ts'
import { answerPipe } from './hooks/hooked-launch.ts'
import { isAsked, readEvent } from './hooks/look-at-hooks.ts'
import { asksInWindow } from './hooks/window-question.ts'
import { type Handle, parseHandle } from './parse.ts'

/** How long a hook that has told of a request may take to read the answer to it, in milliseconds. */
const READER_MS = 2_000

/** How long a program may take to act on an answer, in milliseconds. */
const ACTED_MS = 15_000

/** `Backend.answer`: a request that a hook asks, a question that only the window takes an answer to, or a screen that comes before any hook. */
export async function answerAgent(
  context: Context,
  { agent, reply }: { readonly agent: AgentRef; readonly reply: Reply },
  signal: AbortSignal,
): Promise<AnswerResult> {
  signal.throwIfAborted()
  const handle = parseHandle(agent.handle)
  if (handle === null) return answerRequest(agent, reply, signal)
  if (reply.requestId.startsWith('startup-')) {
    const { answerScreen } = await import('./answer-screen.ts')
    return answerScreen(context, { agent, handle, reply }, signal)
  }
  const event = askedBy(handle, reply)
  if (event === undefined || !asksInWindow(event)) return answerRequest(agent, reply, signal)
  const { answerQuestion } = await import('./answer-question.ts')
  return answerQuestion({ context, agent, handle, signal }, event, reply)
}

function askedBy({ events }: Handle, { requestId }: Reply): HookEvent | undefined {
  return events === undefined ? undefined : readEvent(events, requestId)
}

/**
 * Hands the decision to the hook that waits for it, so that it reaches this request or none: no key is ever pressed in its
 * dialog.
 */
export async function answerRequest(agent: AgentRef, reply: Reply, signal: AbortSignal): Promise<AnswerResult> {
  signal.throwIfAborted()
  const handle = parseHandle(agent.handle)
  const file = handle?.events
  const event = handle === null ? undefined : askedBy(handle, reply)
  if (handle === null || file === undefined || event === undefined) return result('gone', 'no such request was told of')
  if (hasEnded(handle)) return result('gone', 'its program has ended')
  if (!isAsked(handle, reply.requestId)) return result('already', 'its program went on without it')
  const decision = decisionOn(event, reply.choice, reply.text)
  if (decision === null)
    throw new OrchError('USAGE', `Cannot answer "${reply.requestId}" so: it does not offer that`, {
      hint: `Run "orch answer ${agent.id}" to see what it offers`,
      agent: agent.id,
    })
  const write = (): Promise<boolean | undefined> => writeToReader(answerPipe(file, reply.requestId), decision, signal)
  if (!(await recheck(write, { timeoutMs: READER_MS, signal })))
    return result('gone', 'nobody waits for the answer any more')
  const isOver = (): 'acted' | 'ended' | undefined => {
    if (hasEnded(handle)) return 'ended'
    return isAsked(handle, reply.requestId) ? undefined : 'acted'
  }
  const over = await recheck(isOver, { timeoutMs: ACTED_MS, signal })
  if (over === 'ended') return result('gone', 'its program ended before it showed that it acted on the answer')
  return result('answered', over ? 'its program took the answer and went on' : 'its program took the answer')
}

/** Writes to a pipe with a name; `false` when that has gone, `undefined` while nobody reads from it. */
async function writeToReader(pipe: string, text: string, signal: AbortSignal): Promise<boolean | undefined> {
  try {
    const file = await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
    try {
      return await writeAll(file, Buffer.from(text), signal)
    } finally {
      await file.close()
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENXIO') return undefined
    if (code === 'ENOENT' || code === 'EPIPE') return false
    throw error
  }
}

/** Writes what fits, and the rest as it is read; `false` when nobody goes on reading. */
async function writeAll(file: FileHandle, bytes: Buffer, signal: AbortSignal): Promise<boolean> {
  let written = 0
  const writeMore = async (): Promise<true | undefined> => {
    try {
      while (written < bytes.length) written += (await file.write(bytes, written)).bytesWritten
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
      throw error
    }
  }
  return (await recheck(writeMore, { timeoutMs: READER_MS, everyMs: 10, signal })) ?? false
}

function result(what: AnswerResult['result'], detail: string): AnswerResult {
  const evidence: Evidence = { source: 'hook', detail, at: new Date().toISOString() }
  return { result: what, evidence: [evidence] }
}
