import type { ServerControl, ServerReport } from '../backend.ts'
import type { ServerDocument, ServerLogLine } from '../documents.ts'
import { fileError, OrchError } from '../errors.ts'
import { linesOfLog } from '../log-file.ts'
import { sanitize } from '../sanitize.ts'
import { TIMING } from '../timing.ts'
import type { CallOptions, ServerLogsOptions } from './options.ts'
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

/**
 * What the server printed last, and with `follow` what it prints, without terminal control sequences. It need not run.
 * @throws OrchError `UNSUPPORTED` when no backend has a server or it keeps no log, `BACKEND_UNREACHABLE` when none was started
 */
export async function* serverLogs(orch: Orch, options: ServerLogsOptions = {}): AsyncIterable<ServerLogLine> {
  const { backend, server: found } = await server(orch, 'status', options)
  if (found.log === undefined) throw withoutLog(backend, found)
  const { last = 20, follow = false, signal = new AbortController().signal } = options
  try {
    for await (const text of linesOfLog(found.log, { last, follow, signal })) {
      yield { apiVersion: 1, type: 'line', backend, text: sanitize(text) }
    }
  } catch (error) {
    signal.throwIfAborted()
    throw fileError(error, `Cannot read the log of the server of "${backend}": "${found.log}" is not readable`, 'DISK')
  }
  signal.throwIfAborted()
}

function withoutLog(backend: string, { owner }: ServerReport): OrchError {
  const what = `Cannot show the log of the server of "${backend}"`
  return owner === null
    ? new OrchError('BACKEND_UNREACHABLE', `${what}: none was started`, { hint: 'Start it with: orch server start' })
    : new OrchError('UNSUPPORTED', `${what}: it keeps none`, { hint: 'See how it is with: orch server status' })
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
