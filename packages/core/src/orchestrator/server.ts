import type { ServerControl } from '../backend.ts'
import type { ServerDocument } from '../documents.ts'
import { OrchError } from '../errors.ts'
import { TIMING } from '../timing.ts'
import type { CallOptions } from './options.ts'
import { callBackend, type Orch } from './orch.ts'

/**
 * Starts, stops or looks at the server of the backend asked for, else of the first one that has a server.
 * @throws OrchError `UNSUPPORTED` when no backend has one, the backend's own
 */
export async function server(
  orch: Orch,
  action: 'start' | 'stop' | 'status',
  options: CallOptions = {},
): Promise<ServerDocument> {
  const { backend, control } = await findControl(orch)
  const timeoutMs = Math.max(orch.requestTimeoutMs, TIMING.createTimeoutMs)
  const call = { backend, verb: `${action} the server of`, timeoutMs, signal: options.signal, acts: true }
  const report = await callBackend(call, (signal) => control[action](signal))
  return { apiVersion: 1, warnings: [], backend, action, server: report }
}

async function findControl(orch: Orch): Promise<{ readonly backend: string; readonly control: ServerControl }> {
  const names = orch.backendName === null ? orch.backendNames : [orch.backendName]
  for (const name of names) {
    const { server: control } = await orch.backend(name)
    if (control !== undefined) return { backend: name, control }
  }
  const tried = names.map((name) => `"${name}"`).join(', ') || 'no backend'
  throw new OrchError('UNSUPPORTED', `Cannot find a server: ${tried} has none of its own`, {
    hint: 'Choose a backend that has a server with --backend',
  })
}
