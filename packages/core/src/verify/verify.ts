import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AgentChanges, CompleteCheck, VerifyRun } from '../documents.ts'
import { type Look, lookAtOne } from '../orchestrator/look.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { assertSound, reread } from '../orchestrator/update-record.ts'
import type { AgentRecord } from '../registry/record.ts'
import { changesCheck } from './changes-check.ts'
import { type CommandCheck, commandCheck, commandFor, notKept, notRun, type VerifyOptions } from './command-check.ts'
import { deliverablesCheck } from './deliverables-check.ts'
import { type ChangesLook, readOwnChanges } from './own-changes.ts'
import { phaseCheck } from './phase-check.ts'
import { queueCheck } from './queue-check.ts'
import { requestCheck } from './request-check.ts'
import type { SharedWith } from './shared-with.ts'
import { stateCheck } from './state-check.ts'
import { turnCheck } from './turn-check.ts'

/** How closely an agent's work is verified. */
export interface VerifyingOptions extends VerifyOptions {
  /** Whether its changes have to be committed. @default false */
  readonly committed?: boolean | undefined
  /** Whether the command is run in spite of other checks that failed, and holds in spite of a record that changed. @default false */
  readonly force?: boolean | undefined
  readonly sharedWith: SharedWith
  /** Runs commands one after the other: those of several agents would spoil each other. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
}

/** What verification found. */
export interface Verification {
  /** The newest look: what is done next holds only for its revision. */
  readonly look: Look
  readonly checks: readonly CompleteCheck[]
  readonly run: VerifyRun | null
  readonly changes: AgentChanges | null
  /** Whether the agent's directory is still as it was when verification ended. */
  isUnchanged(): Promise<boolean>
}

/**
 * Looks at everything that an agent's work is measured by, and changes none of it. The command runs only when all else passed or
 * with `force`, and then the agent is looked at again. `null` when its record changed meanwhile: what was verified is not what is there.
 */
export async function verify(orch: Orch, before: Look, options: VerifyingOptions): Promise<Verification | null> {
  const { record } = before.stored
  const { id } = record
  const { signal } = options
  const others = await options.sharedWith(record)
  const lookAtFiles = async (): Promise<ChangesLook | null> => readOwnChanges(record, others, signal)
  const found = await lookAtFiles()
  const checksNow = (look: Look): readonly CompleteCheck[] => [
    phaseCheck(look),
    stateCheck(look),
    requestCheck(look),
    turnCheck(look),
    queueCheck(look),
    deliverablesCheck(record),
    changesCheck(record, found, options),
  ]
  const checks = checksNow(before)
  const command = commandFor(record, options)
  const verified = { look: before, run: null, changes: found?.changes ?? null }
  const unlessChangedSince = (print: string) => async () => fingerprintOf(record, await lookAtFiles()) === print
  if (command === null || (!options.force && checks.some(({ result }) => result === 'fail'))) {
    const isUnchanged = unlessChangedSince(fingerprintOf(record, found))
    return { ...verified, checks: [...checks, notRun(command)], isUnchanged }
  }
  const run = (): Promise<CommandCheck> => commandCheck(orch, record, command, options)
  const ran = await options.inTurn(() => (options.force ? run().catch(notKept) : run()))
  const look = await lookAtOne(orch, assertSound(await reread(orch, id)), signal, { usage: true })
  if (look.stored.closed || (!options.force && look.stored.revision !== before.stored.revision)) return null
  const isUnchanged = unlessChangedSince(fingerprintOf(record, await lookAtFiles()))
  return { ...verified, look, run: ran.run, checks: [...checksNow(look), ran.check], isUnchanged }
}

/** Another one for every change that git shows, and for every deliverable that was written. */
function fingerprintOf({ directory, deliverables = [] }: AgentRecord, found: ChangesLook | null): string {
  const made = deliverables.map((path) => {
    const { mtimeMs, size } = statOf(resolve(directory, path)) ?? {}
    return [mtimeMs, size]
  })
  return JSON.stringify([found?.fingerprint, made])
}

function statOf(path: string): { readonly mtimeMs: number; readonly size: number } | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
