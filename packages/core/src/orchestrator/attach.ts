import type { Viewer } from '../backend.ts'
import { OrchError } from '../errors.ts'
import { toRef } from './look.ts'
import type { AttachOptions } from './options.ts'
import { callBackend, type Orch } from './orch.ts'
import { assertSound, reread } from './update-record.ts'

/**
 * The program that shows an agent in a terminal, with `readOnly` to look without typing. It is not started: whoever calls
 * this runs it, and its end leaves the agent as it is. Its environment may hold a password and is never to be printed.
 * @throws OrchError `UNSUPPORTED`, `AGENT_NOT_FOUND`, the backend's own
 */
export async function attach(orch: Orch, id: string, options: AttachOptions = {}): Promise<Viewer> {
  const { signal, readOnly = false } = options
  const { record, closed } = assertSound(await reread(orch, id))
  const backend = await orch.backend(record.backend)
  if (closed || record.handle === null) {
    throw new OrchError('AGENT_NOT_FOUND', `Cannot attach to "${id}": it is not there any more`, {
      hint: `See it with "orch check ${id}"`,
      agent: id,
    })
  }
  const ref = toRef(record)
  const act = backend.attach?.bind(backend)
  if (act === undefined || !backend.capabilitiesOf(ref).includes('attach')) {
    throw new OrchError('UNSUPPORTED', `Cannot attach to "${id}": its backend has no viewer for it`, {
      hint: `Follow it with "orch tail -f ${id}"`,
      agent: id,
      backend: backend.name,
    })
  }
  const call = { backend: backend.name, agent: id, verb: 'attach to', timeoutMs: orch.requestTimeoutMs, signal }
  const viewer = await callBackend(call, (inner) => act(ref, inner))
  if (!readOnly) return viewer
  if (viewer.readOnlyArgs !== undefined) return { ...viewer, args: viewer.readOnlyArgs }
  throw new OrchError('UNSUPPORTED', `Cannot only look at "${id}": whoever opens its viewer may type`, {
    hint: `Leave out --read-only, or follow it with "orch tail -f ${id}"`,
    agent: id,
    backend: backend.name,
  })
}
