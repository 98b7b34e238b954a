import type { ServerControl, ServerReport } from '../backend.ts'
import type { MemoryClient } from './client.ts'
import { serverInfo } from './observe.ts'
import { startServer } from './server.ts'
import type { ServerState } from './state.ts'

/** Starts, stops and shows the memory server. It is no process of its own, so it has neither URL nor pid. */
export function createServerControl(client: MemoryClient): ServerControl {
  return {
    start: (signal) =>
      client.change(signal, (state) => {
        if (state.status === 'down') startServer(state)
        return report(state, 'the server runs')
      }),
    stop: (signal) =>
      client.change(signal, (state) => {
        state.status = 'down'
        return report(state, 'the server does not run')
      }),
    status: async (signal) => report(await client.look(signal), 'the state of the server was read'),
  }
}

function report(state: ServerState, detail: string): ServerReport {
  const owner = state.status === 'up' ? 'orch' : null
  const evidence = [{ source: 'api', detail, at: new Date().toISOString() } as const]
  return { ...serverInfo(state), url: null, pid: null, owner, evidence }
}
