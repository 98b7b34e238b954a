import { randomUUID } from 'node:crypto'
import { type AgentRef, type Delivery, isOrchError, type Message, type Reason, type Receipt, recheck } from '@orch/core'
import { sizeOf } from './client/events-file.ts'
import { removeFiles, writePrivateFile } from './client/files.ts'
import { awaitReader } from './client/readiness.ts'
import { isCanonical } from './client/terminal.ts'
import { SENT, sendCommands, type TextSource } from './command-line.ts'
import type { Context } from './context.ts'
import { awaitHook } from './hooks/await-hook.ts'
import { type HookEvent, isMessage } from './hooks/hook-event.ts'
import { isResuming, lookAtHooks, takesText } from './hooks/look-at-hooks.ts'
import { noteMessage } from './hooks/message-notes.ts'
import { holdsText } from './hooks/same-text.ts'
import { handleOf, identityOf, rowOf, taggedRows } from './identity.ts'
import { socketOf } from './observe.ts'
import { CANONICAL_LINE_BYTES, PIPE_BYTES } from './options.ts'
import { type Answer, type Handle, parseHandle, parseRefusal, saysNoServer } from './parse.ts'
import { hooksOf } from './programs/known.ts'
import { loadPrograms } from './programs/load-program.ts'
import { unsendable } from './unsendable.ts'

/** What became of a message, before it is a receipt. */
interface Outcome {
  readonly delivery: Delivery
  readonly reason: Reason | null
  readonly detail: string
}

/**
 * `Backend.send` and `Backend.begin`: one tmux process, two for an agent without a handle.
 *
 * @param begin marks the agent as having its task; a second time nothing is typed.
 */
export async function deliver(
  context: Context,
  to: { readonly agent: AgentRef; readonly message: Message; readonly begin: boolean },
  signal: AbortSignal,
): Promise<Receipt> {
  const { delivery, reason, detail } = await attempt(context, to, signal)
  const at = new Date().toISOString()
  return {
    messageId: delivery === 'confirmed' || delivery === 'queued' ? to.message.id : null,
    delivery,
    reason,
    evidence: [{ source: delivery === 'confirmed' || delivery === 'queued' ? 'hook' : 'process', detail, at }],
    at,
  }
}

async function attempt(
  context: Context,
  { agent, message, begin }: Parameters<typeof deliver>[1],
  signal: AbortSignal,
): Promise<Outcome> {
  const bad = unsendable(message.text)
  if (bad !== null) return refused('UNSENDABLE_TEXT', bad)
  const handle = parseHandle(agent.handle) ?? (await findHandle(context, agent, signal))
  if (handle === null) return refused('GONE', 'There is no tmux window of this agent')
  const hooks = hooksOf(handle.program ?? '')
  if (hooks?.takesForCommand.test(message.text)) return refused('COMMAND_TEXT', COMMAND_TEXT)
  const isLong = longestLine(message.text) > CANONICAL_LINE_BYTES
  if ((begin || isResuming(handle)) && !(await isReady(handle, signal))) return refused('NOT_READY', NOT_READY)
  // barrier: tmux-reader-awaited
  const cut = isLong && (await isCanonical(handle.tty))
  if (cut)
    return refused(
      'LINE_TOO_LONG',
      `The program reads whole lines, which the terminal cuts at ${CANONICAL_LINE_BYTES} bytes`,
    )
  const to = identityOf(agent, handle)
  const proof = proofOf(handle)
  const type = (): Promise<Outcome> =>
    withText(context, message.text, async ({ source, ...text }) => {
      const commands = sendCommands(to, source, { begin, emptyColumn: hooks?.emptyColumn ?? null })
      const call = { socket: socketOf(agent.target), commands, ...text, signal }
      try {
        return outcomeOf(await context.tmux.run(call), handle)
      } catch (error) {
        if (!isOrchError(error) || error.code !== 'TIMEOUT') throw error
        return unconfirmed(error.message)
      }
    })
  const outcome = await untilEmpty(type, signal)
  const isTyped = outcome.delivery === 'accepted' && outcome.reason === null
  return proof !== null && isTyped ? proof.seen(message, outcome, signal) : outcome
}

const COMMAND_TEXT = 'The program would take this text for a command of its own: begin and end it with a plain word'

/** How long a program may take to tell that its conversation has begun, in milliseconds. */
const START_MS = 15_000

const NOT_READY = 'The program did not tell that its conversation has begun: it may show a start-up screen'

/** Waits until a program that was just started takes text. */
async function isReady(handle: Handle, signal: AbortSignal): Promise<boolean> {
  if (hooksOf(handle.program ?? '')?.tellsStart)
    return (await recheck(() => takesText(handle) || undefined, { timeoutMs: START_MS, signal })) ?? false
  await awaitReader(handle, signal)
  return true
}

/** How long the text of another sender, or a half-drawn screen, may stand where text is typed, in milliseconds. */
const OCCUPIED_MS = 3_000

/** Tries again, as nothing was typed, while the line to type in is not empty; a draft stays there, and stays as it is. */
async function untilEmpty(type: () => Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  let last: Outcome | undefined
  const attempt = async (): Promise<Outcome | undefined> => {
    last = await type()
    return last.reason?.code === 'DRAFT' ? undefined : last
  }
  return (await recheck(attempt, { timeoutMs: OCCUPIED_MS, everyMs: 50, signal })) ?? (last as Outcome)
}

/** How long a program may take to tell that it was given a message, in milliseconds. */
const TOLD_MS = 5_000

interface Proof {
  /** Waits until the program tells that it was given the text. */
  seen(message: Message, typed: Outcome, signal: AbortSignal): Promise<Outcome>
}

/** What there is before a text is typed, to tell what comes of it; `null` for a program that tells nothing. */
function proofOf(handle: Handle): Proof | null {
  const { events: file } = handle
  if (file === undefined) return null
  const offset = sizeOf(file)
  const wasBusy = lookAtHooks(handle, true)?.decision.turn.status === 'running'
  return {
    async seen({ id, text }, typed, signal) {
      const find = (events: readonly HookEvent[]): HookEvent | undefined =>
        events.find((event) => isMessage(event) && holdsText(event.fields.prompt, text))
      const event = await awaitHook({ file, offset, timeoutMs: TOLD_MS, find }, signal)
      if (event === undefined) return notTold(typed.detail)
      noteMessage(file, { message: id, event: event.id, queued: wasBusy })
      const at = new Date(event.at).toISOString()
      return {
        delivery: wasBusy ? 'queued' : 'confirmed',
        reason: null,
        detail: `its program told at ${at} that it has it`,
      }
    },
  }
}

function notTold(typed: string): Outcome {
  const text = `The text was typed, and the program did not tell within ${TOLD_MS} ms that it has it`
  return { delivery: 'unconfirmed', reason: { code: 'NOT_TOLD', text }, detail: typed }
}

interface Text {
  readonly source: TextSource
  /** What goes to stdin. */
  readonly input: string
  /** Where the file is. */
  readonly directory: string
}

/** Hands a text over whole or not at all, whenever this process may be killed. */
async function withText(context: Context, text: string, work: (text: Text) => Promise<Outcome>): Promise<Outcome> {
  const buffer = `orch-${randomUUID()}`
  if (Buffer.byteLength(text) <= PIPE_BYTES) return work({ source: { buffer, file: '-' }, input: text, directory: '/' })
  const directory = context.paths.starts
  const file = `${directory}/${buffer}`
  await writePrivateFile(file, text)
  // barrier: tmux-text-written
  try {
    return await work({ source: { buffer, file: buffer }, input: '', directory })
  } finally {
    await removeFiles([file])
  }
}

/** The handle of an agent whose record has none, by its tag. */
export async function findHandle(context: Context, agent: AgentRef, signal: AbortSignal): Promise<Handle | null> {
  const look = await context.tmux.look(socketOf(agent.target), signal)
  if (look.kind !== 'server') return null
  const row = rowOf(agent, null, taggedRows(look, context.host.namespace))
  if (row === undefined) return null
  await loadPrograms([row.program])
  return handleOf(look.server, row, context.paths)
}

function outcomeOf(answer: Answer, handle: Handle): Outcome {
  if (answer.stdout.trim() === SENT) {
    const detail = `tmux typed it into pane ${handle.pane}, where process ${handle.panePid} runs`
    return { delivery: 'accepted', reason: null, detail }
  }
  if (saysNoServer(answer.stderr)) return refused('GONE', 'No tmux server runs')
  const refusal = parseRefusal(answer.stdout, handle)
  if (refusal === null) return unconfirmed(answer.stderr.trim() || `tmux ended with code ${answer.code ?? 'none'}`)
  if (refusal.code !== 'BEGUN') return refused(refusal.code, refusal.text)
  return { delivery: 'accepted', reason: refusal, detail: 'the window is marked as begun' }
}

function refused(code: string, text: string): Outcome {
  return { delivery: 'refused', reason: { code, text }, detail: 'nothing was typed' }
}

function unconfirmed(detail: string): Outcome {
  const text = 'tmux gave no answer: the text may or may not have been typed'
  return { delivery: 'unconfirmed', reason: { code: 'NO_ANSWER', text }, detail }
}

function longestLine(text: string): number {
  return text.split('\n').reduce((longest, line) => Math.max(longest, Buffer.byteLength(line)), 0)
}
