import type { ProxiedRequest, Treatment } from '../../harness/start-proxy.ts'
import type { Lane } from './lane.ts'

/** A row of the table: what goes wrong, and how each command ends then. */
export interface Fault {
  name: string
  /** `all`: every request but the one that asks who the server is; `act`: the one by which the command acts. */
  on: 'all' | 'act'
  /** Whether what the command asks for happens on the server all the same. */
  arrives: Arrival
  /** Something never comes, so that deadlines must be short. @default false */
  hasty?: true
  /** It needs a server of its own. @default false */
  rough?: true
  /** @param gone resolves when the command has ended */
  treat(request: ProxiedRequest, lane: Lane, gone: Promise<unknown>): Treatment
  /** Before the command, where requests alone are not enough. */
  begin?(lane: Lane): void
  /** After the command. */
  end?(lane: Lane): Promise<void> | void
  /** How each command ends: its exit code or signal, and its error code or the word that its document says. */
  says: Readonly<Record<string, string>>
}

/** `late`: after the command has ended; `maybe`: the server dies over it. */
export type Arrival = 'never' | 'once' | 'late' | 'maybe'

/** Every command works. */
export const FINE: Fault['says'] = {
  status: '0 idle',
  check: '0 idle, tail whole',
  tail: '0',
  'tail -f': '143',
  wait: '0 met',
  spawn: '0 confirmed',
  send: '0 confirmed',
  answer: '0 answered',
  interrupt: '0 interrupted',
  complete: '0',
  abandon: '0',
}

/** Nothing can be seen, for one reason: nobody claims to know, and nothing is done. */
export function blind(exitCode: number, code: string): Fault['says'] {
  const named = `${exitCode} ${code}`
  return {
    status: `0 ${code}`,
    check: `0 ${code}, tail ${code}`,
    tail: named,
    'tail -f': named,
    wait: '124 timeout',
    spawn: named,
    send: '30 refused',
    answer: '69 BACKEND_UNREACHABLE',
    interrupt: named,
    complete: '40 requests',
    abandon: named,
  }
}

/** It is not known whether the command did what it was to do; messages alone can be looked for. */
export function unsure(exitCode: number, code: string, messages: 'confirmed' | 'unconfirmed'): Fault['says'] {
  const named = `${exitCode} ${code}`
  return {
    spawn: named,
    'spawn, its task': `0 ${messages}`,
    send: messages === 'confirmed' ? '0 confirmed' : '31 unconfirmed',
    answer: named,
    interrupt: named,
    complete: named,
    abandon: named,
  }
}
