import { eventually } from '../harness/eventually.ts'
import type { OpenCodeServer } from '../harness/start-open-code.ts'
import type { ScriptedModel } from '../scripted-model/scripted-model.ts'

/** A stored message, as far as the recorder reads it. */
export interface Message {
  info: { id: string; role: string; finish?: string; error?: unknown; time: { completed?: number } }
  parts: { type: string; state?: { status: string } }[]
}

interface Envelope {
  payload: { type: string; properties?: { sessionID?: string; info?: { id: string; sessionID?: string } } }
}

/** What every recording needs. */
export interface Recorder {
  server: OpenCodeServer
  model: ScriptedModel
  directory: string
  write(name: string, value: unknown): Promise<void>
}

const withoutEvents = ['shell-failed', 'write', 'edit-error', 'invalid-tool', 'permission-reject-message', 'compaction']

/** Creates a session that carries an agent's id as orch would. */
export async function createSession(recorder: Recorder, name: string, where = recorder.directory): Promise<string> {
  const body = { title: `${name} (orch)`, metadata: { orch: { id: `${name}-7k3q` } } }
  const session = await recorder.server.call<{ id: string }>('POST', '/session', { directory: where, body })
  return session.id
}

/** Sends a text whose part carries a tag as orch would, and does not wait. */
export async function prompt(recorder: Recorder, session: string, text: string): Promise<void> {
  const parts = [{ type: 'text', text, metadata: { orch: { message: 'm1' } } }]
  await recorder.server.call('POST', `/session/${session}/prompt_async`, {
    directory: recorder.directory,
    body: { parts },
  })
}

/** All stored messages. */
export function messagesOf(recorder: Recorder, session: string): Promise<Message[]> {
  return recorder.server.call('GET', `/session/${session}/message`)
}

/** The messages of a session once its turn has ended. */
async function untilEnd(recorder: Recorder, session: string): Promise<Message[]> {
  return eventually(
    async () => {
      const messages = await messagesOf(recorder, session)
      const last = messages.at(-1)?.info
      const status = await recorder.server.call<Record<string, unknown>>('GET', '/session/status', {
        directory: recorder.directory,
      })
      return last?.role === 'assistant' && last.time.completed !== undefined && !status[session] && messages
    },
    { timeoutMs: 30_000, what: `the end of the turn of ${session}` },
  )
}

/** Runs a turn in a new session and records its messages, and its events unless they add nothing. */
export async function withEvents(
  recorder: Recorder,
  name: string,
  act: (session: string) => Promise<unknown>,
): Promise<void> {
  const stream = await recorder.server.events()
  const session = await createSession(recorder, name)
  await act(session)
  await recorder.write(`messages-${name}.json`, await untilEnd(recorder, session))
  const idle = (event: unknown): boolean => {
    const { type, properties } = (event as Envelope).payload
    return type === 'session.idle' && properties?.sessionID === session
  }
  await eventually(() => stream.events.some(idle), { what: 'session.idle' })
  const seen = new Set<string>()
  const events = (stream.events as Envelope[]).filter(({ payload: { type } }) => {
    const isNoise = type === 'sync' || type === 'plugin.added' || type === 'server.heartbeat'
    if (isNoise && seen.has(type)) return false
    seen.add(type)
    return true
  })
  if (!withoutEvents.includes(name)) await recorder.write(`events-${name}.json`, events)
  stream.close()
}

/** `/session/status` of the recorder's directory. */
export function statusOf(recorder: Recorder): Promise<Record<string, { type: string }>> {
  return recorder.server.call('GET', '/session/status', { directory: recorder.directory })
}

/** All open requests of a kind, once this session has one. */
export async function openRequest(
  recorder: Recorder,
  kind: 'permission' | 'question',
  session: string,
): Promise<{ id: string }[]> {
  const { directory } = recorder
  return eventually(
    async () => {
      const list = await recorder.server.call<{ id: string; sessionID: string }[]>('GET', `/${kind}`, { directory })
      return list.some((request) => request.sessionID === session) && list
    },
    { what: `a ${kind}` },
  )
}
