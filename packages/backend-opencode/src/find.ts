import type { Found, JsonValue } from '@orch/core'
import { type Context, reach } from './context.ts'
import { handleJson } from './handle.ts'
import type { Session } from './parse.ts'

/** Every session at these targets that carries the tag of this registry. @throws OrchError when it could not look. */
export async function find(
  context: Context,
  targets: readonly JsonValue[],
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const all = await Promise.all(
    targets.map(async (target) => {
      const { state } = await context.connector.look(target, signal)
      if (state === 'none') return []
      const sessions = await (await reach(context, target, signal)).sessions()
      return sessions.flatMap((session) => toFound(session, target, context.host.namespace))
    }),
  )
  return all.flat()
}

/** A session as something found, if it carries the tag; a list of one or none. */
export function toFound(session: Session, target: JsonValue, namespace: string): Found[] {
  if (session.tag?.namespace !== namespace) return []
  const { id, directory, title } = session
  const { model, mode, adopted = false } = session.tag
  const begun = adopted ? 'yes' : session.begun
  const handle = handleJson({ sessionId: id, directory, model, mode })
  const detail = `OpenCode session "${id}" ("${title}") in "${directory}"`
  return [{ id: session.tag.id, target, handle, begun, detail }]
}
