import { type AgentRef, type Evidence, type InterruptResult, OrchError, recheck } from '@orch/core'
import type { Command } from './command.ts'
import { keyCommands, SENT } from './command-line.ts'
import type { Context } from './context.ts'
import { lookAtHooks } from './hooks/look-at-hooks.ts'
import { identityOf } from './identity.ts'
import { socketOf } from './observe.ts'
import { type Handle, parseHandle, parseRefusal } from './parse.ts'
import { hooksOf } from './programs/known.ts'

/** How long a program may take to stop after its key was pressed, in milliseconds. */
const STOPPED_MS = 5_000

/** Keys in quick succession may be read as one: so long is waited whether the first is enough, in milliseconds. */
const APART_MS = 500

/**
 * `Backend.interrupt`: presses the keys of its program and waits until the program shows that it rests. One that had not
 * begun to answer puts the message back where people type: that is cleared, or the next message would be added to it.
 */
export async function interruptAgent(context: Context, agent: AgentRef, signal: AbortSignal): Promise<InterruptResult> {
  signal.throwIfAborted()
  const handle = parseHandle(agent.handle)
  const isRunning = (): boolean => handle !== null && lookAtHooks(handle, true)?.decision.turn.status === 'running'
  if (handle === null || !isRunning()) return result(false, 'no turn ran')
  const keys = hooksOf(handle.program ?? '')?.interruptKeys ?? []
  for (const key of keys) {
    await press(context, { agent, handle, keys: [key] }, signal)
    if (await recheck(() => !isRunning() || undefined, { timeoutMs: APART_MS, signal })) break
  }
  const stopped = await recheck(() => !isRunning() || undefined, { timeoutMs: STOPPED_MS, signal })
  if (!stopped)
    throw new OrchError('TIMEOUT', `Cannot interrupt "${agent.id}": its program still works after ${keys[0]}`, {
      hint: `Look with "orch check ${agent.id}", or end it with "orch abandon ${agent.id}"`,
      agent: agent.id,
      outcome: 'unknown',
    })
  await press(context, { agent, handle, keys: ['C-u'] }, signal)
  return result(true, `its program ${lookAtHooks(handle, true)?.decision.detail ?? 'rests'}`)
}

interface Press {
  readonly agent: AgentRef
  readonly handle: Handle
  readonly keys: readonly string[]
}

/** @throws OrchError `SEND_REFUSED` when the window cannot be typed into. */
async function press(context: Context, { agent, handle, keys }: Press, signal: AbortSignal): Promise<void> {
  const commands: Command[] = keyCommands(identityOf(agent, handle), keys)
  const answer = await context.tmux.run({ socket: socketOf(agent.target), commands, signal })
  if (answer.stdout.trim() === SENT) return
  const reason = parseRefusal(answer.stdout, handle)?.text ?? answer.stderr.trim()
  throw new OrchError('BACKEND_ERROR', `Cannot press ${keys.join(' ')} for "${agent.id}": ${reason}`, {
    hint: `Run "orch check ${agent.id}"`,
    agent: agent.id,
  })
}

function result(interrupted: boolean, detail: string): InterruptResult {
  const evidence: Evidence = { source: 'hook', detail, at: new Date().toISOString() }
  return { interrupted, evidence: [evidence] }
}
