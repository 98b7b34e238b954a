import { type AgentRef, OrchError, recheck } from '@orch/core'
import { keyCommands, SENT, type ShownRow } from './command-line.ts'
import type { Context } from './context.ts'
import { windowsShown } from './hooks/start-screens.ts'
import { identityOf } from './identity.ts'
import { socketOf } from './observe.ts'
import { type Answer, type Handle, parseRefusal } from './parse.ts'

/** A window in which keys are pressed as a person would. */
export interface Keyed {
  readonly context: Context
  readonly agent: AgentRef
  readonly handle: Handle
  readonly signal: AbortSignal
}

/** A list of choices, as a window shows it. */
export interface ShownList {
  /** What must be shown still when the pointer is moved, and when the choice is confirmed. */
  readonly rows: readonly ShownRow[]
  readonly pointed: readonly ShownRow[]
  /** On which lines the pointer and the choice that is meant stand. */
  readonly pointer: number
  readonly choice: number
}

/** How long a program may take to draw its pointer anew, in milliseconds. */
const MOVED_MS = 500

/** How often the pointer is moved at most. */
const MOST_MOVES = 12

/**
 * Moves the pointer to a choice, step by step, and presses a key there; `false` when the list is not shown any more. It is
 * moved at least once: a screen that was just drawn may take no keys yet, and a key that is lost is not pressed again.
 * @param find finds the list on a screen; `null`: it does not show that
 */
export async function pick(
  window: Keyed,
  key: 'Enter' | 'Tab',
  find: (screen: string) => ShownList | null,
): Promise<boolean> {
  const look = async (): Promise<ShownList | null> => find(await screenOf(window))
  let takesKeys = false
  for (let moves = 0; moves < MOST_MOVES; moves += 1) {
    const list = await look()
    if (list === null) return false
    const { pointer, choice, rows, pointed } = list
    if (takesKeys && pointer === choice && (await press(window, key, pointed))) return true
    const away = moves % 2 === 0 ? 'Up' : 'Down'
    const towards = pointer < choice ? 'Down' : 'Up'
    if (!(await press(window, pointer === choice ? away : towards, rows))) return false
    const hasMoved = async (): Promise<true | undefined> => (await look())?.pointer !== pointer || undefined
    takesKeys = (await recheck(hasMoved, { timeoutMs: MOVED_MS, everyMs: 25, signal: window.signal })) ?? takesKeys
  }
  return false
}

/** Presses a key if the window shows these rows. @throws OrchError `BACKEND_ERROR` when the window takes no keys */
export async function press(window: Keyed, key: string, rows: readonly ShownRow[]): Promise<boolean> {
  const { context, agent, handle, signal } = window
  const commands = keyCommands(identityOf(agent, handle), [key], rows)
  return wasPressed(window, key, await context.tmux.run({ socket: socketOf(agent.target), commands, signal }))
}

/** Whether tmux says that it did so. @throws OrchError `BACKEND_ERROR` when the window takes no keys */
export function wasPressed({ agent, handle }: Keyed, what: string, answer: Answer): boolean {
  if (answer.stdout.trim() === SENT) return true
  const reason = parseRefusal(answer.stdout, handle)
  if (reason?.code === 'NOT_SHOWN' || reason?.code === 'GONE' || reason?.code === 'DEAD') return false
  throw new OrchError(
    'BACKEND_ERROR',
    `Cannot press ${what} for "${agent.id}": ${reason?.text ?? answer.stderr.trim()}`,
    {
      hint: `Run "orch check ${agent.id}"`,
      agent: agent.id,
    },
  )
}

/** What the window shows; `''` when it cannot be seen. */
export async function screenOf({ context, agent, handle, signal }: Keyed): Promise<string> {
  const shown = await windowsShown(context, [{ socket: socketOf(agent.target), handle }], signal)
  return shown.get(handle)?.screen ?? ''
}
