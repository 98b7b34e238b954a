import { type AgentRequest, isOrchError, sanitize } from '@orch/core'
import { captureCommands, SCREEN_END } from '../capture-commands.ts'
import type { Context } from '../context.ts'
import type { Handle } from '../parse.ts'
import { hooksOf } from '../programs/known.ts'
import type { StartScreen } from '../programs/program.ts'
import { isWrittenSo } from './choice-rows.ts'

/** A window to look at. */
export interface Window {
  readonly socket: string
  readonly handle: Handle
}

/** What a window shows. */
export interface Shown {
  readonly screen: string
  readonly title: string
}

/**
 * What these windows show: one tmux process for each server that has such, none when there are none. A look goes on without
 * those that it cannot see.
 */
export async function windowsShown(
  context: Context,
  windows: readonly Window[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Handle, Shown>> {
  const found = new Map<Handle, Shown>()
  for (const socket of new Set(windows.map((one) => one.socket))) {
    const handles = windows.filter((one) => one.socket === socket).map(({ handle }) => handle)
    const commands = captureCommands(handles.map(({ pane }) => pane))
    const shown = await context.tmux.run({ socket, commands, signal }).catch(withoutScreens)
    const parts = shown.stdout.split(`${SCREEN_END}\n`).slice(0, -1)
    handles.forEach((handle, index) => {
      const lines = parts[index]?.split('\n').slice(0, -1)
      if (lines !== undefined) found.set(handle, { screen: lines.slice(0, -1).join('\n'), title: lines.at(-1) ?? '' })
    })
  }
  return found
}

function withoutScreens(error: unknown): { readonly stdout: string } {
  if (isOrchError(error)) return { stdout: '' }
  throw error
}

/** What a program's screen asks before it begins; `null` for any other. A screen that is not known says nothing. */
export function startRequest(program: string, screen: string): AgentRequest | null {
  const known = startScreen(program, screen)
  if (known === null) return null
  const choices = known.choices !== undefined && isWrittenSo(known.choices, screen) ? known.choices.choices : []
  return {
    id: `startup-${known.name}`,
    kind: 'startup',
    text: sanitize(
      choices.length > 0 || known.choices === undefined ? known.text : `${known.text}: answer it in its window`,
    ),
    detail: null,
    choices: choices.map(({ id, label }) => ({ id, label })),
    since: null,
    from: null,
    answerable: choices.length > 0,
  }
}

/** A screen as rules are matched with it: each run of white space as one space. */
export function asOneLine(screen: string): string {
  return screen.replace(/\s+/g, ' ')
}

/** The screen that a program shows before it begins; `null` for any other. */
function startScreen(program: string, screen: string): StartScreen | null {
  const plain = asOneLine(screen)
  return hooksOf(program)?.startScreens.find(({ shows }) => shows.test(plain)) ?? null
}
