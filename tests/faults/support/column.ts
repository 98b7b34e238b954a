import type { ErrorInfo } from '@orch/core'
import type { OrchRun } from '../../harness/orch.ts'
import type { ProxiedRequest } from '../../harness/start-proxy.ts'
import type { Arrival } from './fault.ts'
import type { Lane } from './lane.ts'

/** A command of the table. */
export interface Column {
  name: string
  /** The request by which it acts; `undefined` for a command that only reads. */
  acts?: (request: ProxiedRequest) => boolean
  /** Makes what it is run on, while there is no fault. `name` is of this cell alone. */
  prepare(lane: Lane, name: string): Promise<Prepared>
}

/** A command that is about to be run under a fault. */
export interface Prepared {
  args: readonly string[]
  /** For a command that does not end by itself: whether it has printed enough. */
  until?: (stdout: string) => boolean
  /** What its document says, in one word. */
  said?: (document: never) => string | undefined
  /** With the fault gone: expects that what was said is true, and that the command can be run again. */
  after(run: OrchRun, arrives: Arrival): Promise<void>
}

/** How a run ended, as the table has it: its exit code or signal, and the code of its error or the word it said. */
export function saidBy(run: OrchRun, { said }: Pick<Prepared, 'said'>): string {
  const error = errorOf(run)
  const word = error?.code ?? (said && run.json !== undefined ? said(run.json as never) : undefined)
  return [run.signal ?? run.code, word].filter((part) => part !== undefined).join(' ')
}

/** The error document of a run, if it printed one. */
export function errorOf({ json }: OrchRun): ErrorInfo | undefined {
  return (json as { error?: ErrorInfo } | undefined)?.error
}
