import {
  type AgentRef,
  type Item,
  isOrchError,
  type ReadQuery,
  type ReadResult,
  type Reason,
  sanitize,
} from '@orch/core'
import { screenCommands } from '../command-line.ts'
import type { Context } from '../context.ts'
import { identityOf } from '../identity.ts'
import { socketOf } from '../observe.ts'
import type { Handle } from '../parse.ts'
import { rowsOfScreen } from './screen-rows.ts'

/** What an agent's window shows. */
export interface Screen {
  /** Each with colours of its own. */
  readonly rows: readonly string[]
  /** A program draws on all of it: what went before is in no history. */
  readonly isFull: boolean
  /** ISO 8601. */
  readonly at: string
}

const NO_SCREEN: Reason = { code: 'NO_SCREEN', text: 'Its tmux window is not there any more' }

/** Looks at an agent's window, by one tmux process; `null` when it is not there. */
export async function lookAtScreen(
  context: Context,
  { agent, handle }: { readonly agent: AgentRef; readonly handle: Handle },
  signal: AbortSignal,
): Promise<Screen | null> {
  const commands = screenCommands(identityOf(agent, handle))
  const { stdout } = await context.tmux.run({ socket: socketOf(agent.target), commands, signal })
  const [isFull, ...lines] = stdout.split('\n').slice(0, -1)
  if (isFull === undefined) return null
  return { rows: rowsOfScreen(lines), isFull: isFull === '1', at: new Date().toISOString() }
}

/** The same where something else can be read: a server that does not answer shows no screen. */
export async function screenIfShown(
  context: Context,
  subject: { readonly agent: AgentRef; readonly handle: Handle },
  signal: AbortSignal,
): Promise<Screen | null> {
  try {
    return await lookAtScreen(context, subject, signal)
  } catch (error) {
    if (signal.aborted || !isOrchError(error)) throw error
    return null
  }
}

/** The last rows of a screen as a page, behind which nothing lies. */
export function screenPage(screen: Screen | null, { last, raw }: ReadQuery, gap: Reason | null = null): ReadResult {
  if (screen === null) return { items: [], before: null, gap: NO_SCREEN }
  const items = screen.rows.map(
    (row, index): Item => ({
      id: `screen-${Date.parse(screen.at)}.${index}`,
      kind: 'screen',
      role: null,
      text: raw ? row : sanitize(row),
      tool: null,
      truncated: false,
      final: true,
      at: screen.at,
      from: null,
    }),
  )
  return { items: items.slice(-last), before: null, gap }
}
