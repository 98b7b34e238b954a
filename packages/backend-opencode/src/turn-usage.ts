import { sumUsage, type TurnUsage, type Usage } from '@orch/core'
import { familiesOf, usageOf } from './family.ts'
import type { Session } from './parse.ts'
import type { StoredMessage } from './parse-message.ts'
import { isFinalAnswer } from './turn-rules.ts'

/** What tells what the turns of a session used. */
export interface TurnFacts {
  /** Its newest messages, oldest first; a turn counts when the message that began it is among them. */
  readonly messages: readonly StoredMessage[]
  /** All sessions of the server. */
  readonly sessions: readonly Session[]
  /** How many tokens the context of a model holds, by `provider/model`. */
  readonly contextLimits: ReadonlyMap<string, number>
}

/**
 * What the newest turns used, at most `last`, oldest first; those without an answer are left out. All that a subagent uses
 * counts for the turn that started it.
 */
export function turnUsages(facts: TurnFacts, last: number): TurnUsage[] {
  const subagents = subagentsByMessage(facts)
  const families = familiesOf(facts.sessions)
  const turns = facts.messages.flatMap((asked): TurnUsage[] => {
    const answers = facts.messages.filter(({ parentId }) => parentId === asked.id)
    const newest = answers.at(-1)
    if (asked.role !== 'user' || newest === undefined) return []
    const started = answers.flatMap(({ id }) => subagents.get(id) ?? [])
    const spent = [...answers.map(({ usage }) => usage), ...started.map((session) => usageOf(session, families))]
    return [
      {
        messageId: asked.id,
        startedAt: new Date(asked.createdAt).toISOString(),
        endedAt: isFinalAnswer(newest) ? isoOrNull(newest.completedAt) : null,
        usage: { ...sumUsage(spent), ...contextOf(answers, facts) },
      },
    ]
  })
  return turns.slice(Math.max(0, turns.length - last))
}

/** The subagents that each answer started; one that was there before it was started by an earlier turn. */
function subagentsByMessage({ messages, sessions }: TurnFacts): ReadonlyMap<string, readonly Session[]> {
  const unclaimed = new Map(sessions.map((session) => [session.id, session]))
  const claim = (id: string): Session[] => {
    const session = unclaimed.get(id)
    unclaimed.delete(id)
    return session === undefined ? [] : [session]
  }
  return new Map(
    messages.map(({ id, createdAt, parts }) => {
      const named = parts.flatMap(({ tool }) => (tool?.subagentId ? claim(tool.subagentId) : []))
      return [id, named.filter((session) => session.createdAt >= createdAt)] as const
    }),
  )
}

/** An answer that was cut off says nothing of the context: the server does not know what it took. */
function contextOf(
  answers: readonly StoredMessage[],
  { contextLimits }: TurnFacts,
): Required<Pick<Usage, 'contextTokens' | 'contextLimit'>> {
  const answered = answers.findLast((answer) => tokensOf(answer) > 0)
  if (answered === undefined) return { contextTokens: null, contextLimit: null }
  const { model } = answered
  const limit = model === null ? undefined : contextLimits.get(`${model.providerID}/${model.modelID}`)
  return { contextTokens: tokensOf(answered), contextLimit: limit ?? null }
}

function tokensOf({ usage }: StoredMessage): number {
  const { inputTokens, outputTokens, reasoningTokens, cacheReadTokens, cacheWriteTokens } = usage
  const all = [inputTokens, outputTokens, reasoningTokens, cacheReadTokens, cacheWriteTokens]
  return all.reduce<number>((sum, tokens) => sum + (tokens ?? 0), 0)
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
