import { type AgentRef, type AnswerResult, OrchError, type Reply, recheck } from '@orch/core'
import { keyCommands, SENT } from './command-line.ts'
import type { Context } from './context.ts'
import { hasEnded } from './has-ended.ts'
import { placesOf, pointedRow, rowsOf } from './hooks/choice-rows.ts'
import { lookAtHooks } from './hooks/look-at-hooks.ts'
import { startRequest, windowsShown } from './hooks/start-screens.ts'
import { identityOf } from './identity.ts'
import { socketOf } from './observe.ts'
import { type Handle, parseRefusal } from './parse.ts'
import { hooksOf } from './programs/known.ts'
import type { ScreenChoice, ScreenChoices } from './programs/program.ts'

/** A start-up screen and what is chosen there. */
interface Job {
  readonly context: Context
  readonly agent: AgentRef
  readonly handle: Handle
  readonly requestId: string
  readonly screen: ScreenChoices
  readonly choice: ScreenChoice
  readonly signal: AbortSignal
}

/** How long a program may take to draw its pointer anew, and to go on after an answer, in milliseconds. */
const MOVED_MS = 500
const GONE_MS = 5_000

/** How often the pointer is moved at most. */
const MOST_MOVES = 12

/**
 * Answers a screen that comes before a program's conversation. Each key is pressed in a call that first checks that the
 * window still shows that screen with all its choices, and Enter only while the one that is meant is pointed at.
 */
export async function answerScreen(
  context: Context,
  { agent, handle, reply }: { readonly agent: AgentRef; readonly handle: Handle; readonly reply: Reply },
  signal: AbortSignal,
): Promise<AnswerResult> {
  const { requestId } = reply
  const known = hooksOf(handle.program ?? '')?.startScreens.find(({ name }) => `startup-${name}` === requestId)
  if (known === undefined || (await shownBy({ context, agent, handle, signal })).id !== requestId) return gone()
  const choice = known.choices?.choices.find((one) => isMeant(one, reply))
  if (known.choices === undefined || choice === undefined)
    throw new OrchError('CHOICE_UNKNOWN', `Cannot answer "${requestId}" so: it does not offer that`, {
      hint: `Run "orch answer ${agent.id}" to see what it offers`,
      agent: agent.id,
    })
  const job: Job = { context, agent, handle, requestId, screen: known.choices, choice, signal }
  if (!(await (choice.key === undefined ? pick(job) : press(job, choice.key, rowsOf(job.screen)))))
    return notChosen(job)
  const isOver = async (): Promise<true | undefined> =>
    hasEnded(handle) ||
    lookAtHooks(handle, true)?.isSilent === false ||
    (await shownBy(job)).id !== requestId ||
    undefined
  if (await recheck(isOver, { timeoutMs: GONE_MS, everyMs: 100, signal }))
    return result('answered', `its window went on after "${choice.label}"`)
  throw new OrchError(
    'TIMEOUT',
    `Cannot answer "${agent.id}": its program still shows the screen after "${choice.label}"`,
    {
      hint: `Look with "orch attach ${agent.id}"`,
      agent: agent.id,
      outcome: 'unknown',
    },
  )
}

/** The id of a choice, or what is written there, with or without its number. */
function isMeant({ id, label }: ScreenChoice, { choice, text }: Reply): boolean {
  const said = (choice ?? text ?? '').trim().toLowerCase()
  return [id, label, label.replace(/^\d+\. /, '')].some((one) => one.toLowerCase() === said)
}

/**
 * Moves the pointer to a choice, step by step, and confirms it; `false` when the screen is not shown any more. It is moved at
 * least once: a screen that was just drawn may take no keys yet, and an Enter that is lost is not pressed again.
 */
async function pick(job: Job): Promise<boolean> {
  const rows = rowsOf(job.screen)
  const places = async (): Promise<ReturnType<typeof placesOf>> => placesOf(job.choice, (await shownBy(job)).screen)
  let takesKeys = false
  for (let moves = 0; moves < MOST_MOVES; moves += 1) {
    if (takesKeys && (await press(job, 'Enter', [...rows, pointedRow(job.choice)]))) return true
    const { pointer, choice } = await places()
    if (pointer < 0 || choice < 0) return false
    const away = moves % 2 === 0 ? 'Up' : 'Down'
    const towards = pointer < choice ? 'Down' : 'Up'
    if (!(await press(job, pointer === choice ? away : towards, rows))) return false
    const hasMoved = async (): Promise<true | undefined> => (await places()).pointer !== pointer || undefined
    takesKeys = (await recheck(hasMoved, { timeoutMs: MOVED_MS, everyMs: 25, signal: job.signal })) ?? takesKeys
  }
  return false
}

/** Presses a key if the window shows these rows. @throws OrchError `BACKEND_ERROR` when the window takes no keys */
async function press({ context, agent, handle, signal }: Job, key: string, rows: readonly string[]): Promise<boolean> {
  const commands = keyCommands(identityOf(agent, handle), [key], rows)
  const answer = await context.tmux.run({ socket: socketOf(agent.target), commands, signal })
  if (answer.stdout.trim() === SENT) return true
  const reason = parseRefusal(answer.stdout, handle)
  if (reason?.code === 'NOT_SHOWN' || reason?.code === 'GONE' || reason?.code === 'DEAD') return false
  throw new OrchError(
    'BACKEND_ERROR',
    `Cannot press ${key} for "${agent.id}": ${reason?.text ?? answer.stderr.trim()}`,
    {
      hint: `Run "orch check ${agent.id}"`,
      agent: agent.id,
    },
  )
}

async function notChosen(job: Job): Promise<AnswerResult> {
  if ((await shownBy(job)).id !== job.requestId) return gone()
  throw new OrchError(
    'BACKEND_ERROR',
    `Cannot answer "${job.agent.id}": its program does not write "${job.choice.label}" as it is known to`,
    {
      hint: `Answer in its window: orch attach ${job.agent.id}`,
      agent: job.agent.id,
    },
  )
}

async function shownBy({
  context,
  agent,
  handle,
  signal,
}: Pick<Job, 'context' | 'agent' | 'handle' | 'signal'>): Promise<{
  readonly id: string | null
  readonly screen: string
}> {
  const shown = await windowsShown(context, [{ socket: socketOf(agent.target), handle }], signal)
  const screen = shown.get(handle)?.screen ?? ''
  return { id: startRequest(handle.program ?? '', screen)?.id ?? null, screen }
}

function gone(): AnswerResult {
  return result('gone', 'its window does not show that any more')
}

function result(what: AnswerResult['result'], detail: string): AnswerResult {
  return { result: what, evidence: [{ source: 'screen', detail, at: new Date().toISOString() }] }
}
