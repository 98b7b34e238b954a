import type { AgentRef, ObserveResult } from '@orch/core'
import { readExits } from './client/files.ts'
import { hasVariable, processStat } from './client/processes.ts'
import { RUN_VARIABLE } from './environment.ts'
import { lookAtHooks } from './hooks/look-at-hooks.ts'
import { runningObservation } from './observation.ts'
import { epochOf, type Handle, parseHandle } from './parse.ts'

/**
 * A look at an agent that is given a message right after it, without tmux: the call that types finds the window itself, and
 * checks what it is. `null` where files and `/proc` do not show that its program runs and, if it has hooks, what it does.
 */
export function lookBeforeSend(agent: AgentRef): ObserveResult | null {
  const handle = parseHandle(agent.handle)
  if (handle === null || !runs(handle)) return null
  const told = lookAtHooks(handle, true)
  if (told?.isSilent || told?.decision.isUnclear) return null
  const at = new Date().toISOString()
  return {
    observations: [runningObservation({ agent, handle, told, at, shown: null })],
    found: null,
    complete: true,
    server: { ok: true, version: null, epoch: epochOf(handle.server), error: null },
  }
}

/** A stopped server would take a text later, when nobody waits for it any more. */
function runs({ server, panePid, run, exit }: Handle): boolean {
  const stat = processStat(server.pid)
  if (stat === null || stat.state === 'T' || !stat.name.startsWith('tmux')) return false
  return hasVariable(panePid, RUN_VARIABLE, run) && readExits([exit]).size === 0
}
