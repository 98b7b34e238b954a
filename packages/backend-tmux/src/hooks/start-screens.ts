import { type AgentRequest, isOrchError, sanitize } from '@orch/core'
import { captureCommands, SCREEN_END } from '../command-line.ts'
import type { Context } from '../context.ts'
import type { Handle } from '../parse.ts'
import { hooksOf } from '../programs/known.ts'

/** An agent whose program has told of nothing yet. */
export interface Silent {
  readonly socket: string
  readonly handle: Handle
}

/**
 * Which of these agents show a screen of their program that a person must answer before it begins: one tmux process for each
 * server that has such agents, none when there are none. A screen that is not known says nothing.
 */
export async function startScreens(
  context: Context,
  silent: readonly Silent[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Handle, AgentRequest>> {
  const found = new Map<Handle, AgentRequest>()
  for (const socket of new Set(silent.map((one) => one.socket))) {
    const handles = silent.filter((one) => one.socket === socket).map(({ handle }) => handle)
    const commands = captureCommands(handles.map(({ pane }) => pane))
    const shown = await context.tmux.run({ socket, commands, signal }).catch(withoutScreens)
    const screens = shown.stdout.split(`${SCREEN_END}\n`)
    handles.forEach((handle, index) => {
      const request = startRequest(handle.program ?? '', screens[index] ?? '')
      if (request !== null) found.set(handle, request)
    })
  }
  return found
}

/** A look goes on without them. */
function withoutScreens(error: unknown): { readonly stdout: string } {
  if (isOrchError(error)) return { stdout: '' }
  throw error
}

/** What a program's screen asks before it begins; `null` for any other. */
export function startRequest(program: string, screen: string): AgentRequest | null {
  const plain = screen.replace(/\s+/g, ' ')
  const known = hooksOf(program)?.startScreens.find(({ shows }) => shows.test(plain))
  if (known === undefined) return null
  return {
    id: `startup-${known.name}`,
    kind: 'startup',
    text: sanitize(known.text),
    detail: null,
    choices: [],
    since: null,
    from: null,
    answerable: false,
  }
}
