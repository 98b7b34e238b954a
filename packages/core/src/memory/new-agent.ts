import { randomUUID } from 'node:crypto'
import { NO_USAGE } from './simulation.ts'
import type { AgentState } from './state.ts'

/** An agent that has no message yet, in the server incarnation `epoch`. */
export function newAgent(
  epoch: string,
  made: Pick<AgentState, 'id' | 'namespace' | 'title' | 'program' | 'permission'>,
): AgentState {
  return {
    ...made,
    key: randomUUID(),
    epoch,
    begun: false,
    stopped: false,
    exit: null,
    stubborn: false,
    turn: { status: 'none' },
    start: null,
    answers: {},
    steps: [],
    queue: [],
    received: [],
    items: [],
    requests: [],
    answered: [],
    usage: NO_USAGE,
    turnUsages: [],
    lastActivityAt: new Date().toISOString(),
  }
}
