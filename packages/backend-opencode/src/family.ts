import { sumUsage, type UsageCounts } from '@orch/core'
import type { Session } from './parse.ts'

/** Sessions by the session that started them as subagents. */
export type Families = ReadonlyMap<string, readonly Session[]>

/** The families among all sessions of a server. */
export function familiesOf(sessions: readonly Session[]): Families {
  const families = new Map<string, Session[]>()
  for (const session of sessions) {
    if (session.parentId === null) continue
    const siblings = families.get(session.parentId)
    if (siblings) siblings.push(session)
    else families.set(session.parentId, [session])
  }
  return families
}

/** A session and its subagents, theirs too. */
export function familyOf(session: Session, families: Families): Session[] {
  const children = families.get(session.id) ?? []
  return [session, ...children.flatMap((child) => familyOf(child, families))]
}

/** What a session and its subagents used; the server's totals of a session leave its subagents out. */
export function usageOf(session: Session, families: Families): UsageCounts {
  if (!families.has(session.id)) return session.usage
  return sumUsage(familyOf(session, families).map(({ usage }) => usage))
}
