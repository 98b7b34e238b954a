import { type AgentRef, type Message, type Receipt, recheck } from '@orch/core'
import { awaitReader } from './client/readiness.ts'
import { isCanonical } from './client/terminal.ts'
import type { Context } from './context.ts'
import { turnNamesIn } from './hooks/answer-in-events.ts'
import { awaitHook } from './hooks/await-hook.ts'
import { endOfEvents } from './hooks/event-parts.ts'
import { type HookEvent, isMessage } from './hooks/hook-event.ts'
import { isBeginning, lookAtHooks, takesText } from './hooks/look-at-hooks.ts'
import { noteMessage } from './hooks/message-notes.ts'
import { holdsText } from './hooks/same-text.ts'
import { handleOf, rowOf, taggedRows } from './identity.ts'
import { socketOf } from './observe.ts'
import { CANONICAL_LINE_BYTES } from './options.ts'
import { type Handle, parseHandle } from './parse.ts'
import { hooksOf } from './programs/known.ts'
import { loadPrograms } from './programs/load-program.ts'
import { misreadText, takenOff } from './programs/misread-text.ts'
import { type Outcome, refused, typeWhenEmpty } from './type-text.ts'
import { unsendable } from './unsendable.ts'

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
  const misread = misreadText(handle.program ?? '', message.text)
  if (misread !== null) return refused(misread.code, misread.text)
  const isLong = longestLine(message.text) > CANONICAL_LINE_BYTES
  if ((begin || isBeginning(handle)) && !(await isReady(handle, signal))) return refused('NOT_READY', NOT_READY)
  // barrier: tmux-reader-awaited
  const cut = isLong && (await isCanonical(handle.tty))
  if (cut)
    return refused(
      'LINE_TOO_LONG',
      `The program reads whole lines, which the terminal cuts at ${CANONICAL_LINE_BYTES} bytes`,
    )
  const proof = proofOf(handle)
  const outcome = await typeWhenEmpty(context, { agent, handle, text: message.text, begin }, signal)
  const isTyped = outcome.delivery === 'accepted' && outcome.reason === null
  return proof !== null && isTyped ? proof.seen(message, outcome, signal) : outcome
}

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

/** How long a program may take to tell that it was given a message, in milliseconds, and for each kilobyte of it. */
const TOLD_MS = 10_000
const TOLD_MS_PER_KB = 10

interface Proof {
  /** Waits until the program tells that it was given the text. */
  seen(message: Message, typed: Outcome, signal: AbortSignal): Promise<Outcome>
}

/** What there is before a text is typed, to tell what comes of it; `null` for a program that tells nothing. */
function proofOf(handle: Handle): Proof | null {
  const { events: file, program = '' } = handle
  if (file === undefined) return null
  const after = endOfEvents(file)
  const wasBusy = lookAtHooks(handle, true)?.decision.turn.status === 'running'
  return {
    async seen({ id, text }, typed, signal) {
      const find = (events: readonly HookEvent[]): HookEvent | undefined =>
        events.find((event) => isMessage(event) && holdsText(event.fields.prompt, text))
      const timeoutMs = TOLD_MS + Math.ceil(Buffer.byteLength(text) / 1024) * TOLD_MS_PER_KB
      const event = await awaitHook({ file, after, timeoutMs, find }, signal)
      if (event === undefined) return notTold(typed.detail, timeoutMs)
      noteMessage(file, { message: id, event: event.id, queued: wasBusy, names: turnNamesIn(event.fields) })
      const at = new Date(event.at).toISOString()
      const off = takenOff(program, text)
      if (!String(event.fields.prompt).includes(off?.rest ?? text)) return altered(at)
      return {
        delivery: wasBusy ? 'queued' : 'confirmed',
        reason: off?.reason ?? null,
        detail: `its program told at ${at} that it has it`,
      }
    },
  }
}

function altered(at: string): Outcome {
  const text = 'The program took the text, but not as it was sent: it changed it, or something stood beside it'
  return {
    delivery: 'unconfirmed',
    reason: { code: 'ALTERED', text },
    detail: `its program told of another text at ${at}`,
  }
}

function notTold(typed: string, afterMs: number): Outcome {
  const text = `The text was typed, and the program did not tell within ${afterMs} ms that it has it`
  return { delivery: 'unconfirmed', reason: { code: 'NOT_TOLD', text }, detail: typed }
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

function longestLine(text: string): number {
  return text.split('\n').reduce((longest, line) => Math.max(longest, Buffer.byteLength(line)), 0)
}
