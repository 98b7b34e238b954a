import { type AgentRef, type Delivery, isOrchError, type Reason, recheck, uniqueId } from '@orch/core'
import { cursorCommands } from './capture-commands.ts'
import { removeFiles, writePrivateFile } from './client/files.ts'
import { SENT, sendCommands, type TextSource, type Typing } from './command-line.ts'
import type { Context } from './context.ts'
import { identityOf } from './identity.ts'
import { socketOf } from './observe.ts'
import { PIPE_BYTES } from './options.ts'
import { type Answer, type Handle, parseRefusal, saysNoServer } from './parse.ts'
import { hooksOf } from './programs/known.ts'
import { showsHint } from './shows-hint.ts'

/** What became of a message, before it is a receipt. */
export interface Outcome {
  readonly delivery: Delivery
  readonly reason: Reason | null
  readonly detail: string
}

/** A text for a window. */
interface Job {
  readonly agent: AgentRef
  readonly handle: Handle
  readonly text: string
  /** Whether it is the agent's task, which it is given once. */
  readonly begin: boolean
}

/** How long the text of another sender, or a half-drawn screen, may stand where text is typed, in milliseconds. */
const OCCUPIED_MS = 3_000

/**
 * Types a text once nothing stands where it goes. Where something does, nothing was typed, and it is tried again for a while:
 * a draft stays there, and stays as it is.
 */
export async function typeWhenEmpty(context: Context, job: Job, signal: AbortSignal): Promise<Outcome> {
  const { typing, pasted } = typingOf(job)
  const { empty } = typing
  let last: Outcome | undefined
  const attempt = async (): Promise<Outcome | undefined> => {
    last = await type(context, { ...job, text: pasted, typing }, signal)
    if (last.reason?.code !== 'HINT_OR_DRAFT' || empty === null) return last.reason?.code === 'DRAFT' ? undefined : last
    last = refused('DRAFT', last.reason.text)
    if (!(await isHint(context, job, signal))) return undefined
    last = await type(context, { ...job, text: pasted, typing: { ...typing, empty: { ...empty, row: null } } }, signal)
    return last.reason?.code === 'DRAFT' ? undefined : last
  }
  return (await recheck(attempt, { timeoutMs: OCCUPIED_MS, everyMs: 50, signal })) ?? (last as Outcome)
}

function typingOf({ handle, text, begin }: Job): { readonly typing: Typing; readonly pasted: string } {
  const hooks = hooksOf(handle.program ?? '')
  const empty = hooks === null ? null : { column: hooks.emptyColumn, row: hooks.emptyRow ?? null }
  const space = hooks?.takesEnter?.when.test(text) ? hooks.takesEnter.space : null
  return {
    typing: { begin, empty, keys: space === 'typed' ? ['Space', 'Enter'] : ['Enter'] },
    pasted: space === 'pasted' ? `${text} ` : text,
  }
}

/** Whether what stands behind the cursor is a hint of the program's: it is gone with the first key, and no draft. */
async function isHint(context: Context, { agent, handle }: Job, signal: AbortSignal): Promise<boolean> {
  const commands = cursorCommands(handle.pane)
  return showsHint((await context.tmux.run({ socket: socketOf(agent.target), commands, signal })).stdout)
}

function type(
  context: Context,
  { agent, handle, text, typing }: Job & { readonly typing: Typing },
  signal: AbortSignal,
): Promise<Outcome> {
  return withText(context, text, async ({ source, ...rest }) => {
    const commands = sendCommands(identityOf(agent, handle), source, typing)
    try {
      return outcomeOf(await context.tmux.run({ socket: socketOf(agent.target), commands, ...rest, signal }), handle)
    } catch (error) {
      if (!isOrchError(error) || error.code !== 'TIMEOUT') throw error
      return unconfirmed(error.message)
    }
  })
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
  const buffer = `orch-${uniqueId()}`
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

/** Nothing was typed, and why. */
export function refused(code: string, text: string): Outcome {
  return { delivery: 'refused', reason: { code, text }, detail: 'nothing was typed' }
}

function unconfirmed(detail: string): Outcome {
  const text = 'tmux gave no answer: the text may or may not have been typed'
  return { delivery: 'unconfirmed', reason: { code: 'NO_ANSWER', text }, detail }
}
