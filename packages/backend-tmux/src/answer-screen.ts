import { type AgentRef, type AnswerResult, OrchError, type Reply, recheck } from '@orch/core'
import type { ShownRow } from './command-line.ts'
import type { Context } from './context.ts'
import { hasEnded } from './has-ended.ts'
import { placesOf, pointedRow, rowsOf } from './hooks/choice-rows.ts'
import { lookAtHooks } from './hooks/look-at-hooks.ts'
import { startRequest } from './hooks/start-screens.ts'
import type { Handle } from './parse.ts'
import { type Keyed, pick, press, type ShownList, screenOf } from './press-keys.ts'
import { hooksOf } from './programs/known.ts'
import type { ScreenChoice, ScreenChoices } from './programs/program.ts'

/** A start-up screen and what is chosen there. */
interface Job extends Keyed {
  readonly requestId: string
  readonly screen: ScreenChoices
  readonly choice: ScreenChoice
}

/** How long a program may take to go on after an answer, in milliseconds. */
const GONE_MS = 15_000

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
  if (known === undefined || (await shownBy({ context, agent, handle, signal })) !== requestId) return gone()
  const choice = known.choices?.choices.find((one) => isMeant(one, reply))
  if (known.choices === undefined || choice === undefined)
    throw new OrchError('CHOICE_UNKNOWN', `Cannot answer "${requestId}" so: it does not offer that`, {
      hint: `Run "orch answer ${agent.id}" to see what it offers`,
      agent: agent.id,
    })
  const job: Job = { context, agent, handle, requestId, screen: known.choices, choice, signal }
  const isChosen =
    choice.key === undefined
      ? pick(job, 'Enter', (screen) => listOn(screen, job))
      : press(job, choice.key, anywhere(rowsOf(job.screen)))
  if (!(await isChosen)) return notChosen(job)
  const isOver = async (): Promise<true | undefined> =>
    hasEnded(handle) || lookAtHooks(handle, true)?.isSilent === false || (await shownBy(job)) !== requestId || undefined
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

function listOn(screen: string, job: Job): ShownList | null {
  const { pointer, choice } = placesOf(job.choice, screen)
  if (pointer < 0 || choice < 0) return null
  const rows = anywhere(rowsOf(job.screen))
  return { rows, pointed: [...rows, ...anywhere([pointedRow(job.choice)])], pointer, choice }
}

function anywhere(rows: readonly string[]): ShownRow[] {
  return rows.map((row) => ({ row, line: null }))
}

async function notChosen(job: Job): Promise<AnswerResult> {
  if ((await shownBy(job)) !== job.requestId) return gone()
  throw new OrchError(
    'BACKEND_ERROR',
    `Cannot answer "${job.agent.id}": its program does not write "${job.choice.label}" as it is known to`,
    {
      hint: `Answer in its window: orch attach ${job.agent.id}`,
      agent: job.agent.id,
    },
  )
}

/** The id of the screen that it shows; `null` for none that is known. */
async function shownBy(window: Keyed): Promise<string | null> {
  return startRequest(window.handle.program ?? '', await screenOf(window))?.id ?? null
}

function gone(): AnswerResult {
  return result('gone', 'its window does not show that any more')
}

function result(what: AnswerResult['result'], detail: string): AnswerResult {
  return { result: what, evidence: [{ source: 'screen', detail, at: new Date().toISOString() }] }
}
