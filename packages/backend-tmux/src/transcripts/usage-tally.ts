import { sumUsage, type TurnUsage, type Usage, type UsageCounts } from '@orch/core'
import { tokensOf, type UsageEntry } from './usage-entry.ts'

interface Turn {
  readonly id: string
  readonly startedAt: string
  messageId: string | null
  endedAt: string | null
  contextTokens: number | null
  contextLimit: number | null
}

interface Spent {
  readonly counts: UsageCounts
  readonly turn: Turn | null
}

type Cost = Extract<UsageEntry, { type: 'cost' }>

/** Adds up what the conversations of a run used, one after the other, each followed by those of its subagents. */
export class UsageTally {
  readonly #turns: Turn[] = []
  readonly #spent = new Map<string, Spent>()
  #costUsd: number | null = null
  #isCostKnown = true

  /** Adds a conversation: what its lines say, and what those of each of its subagents do. */
  add(own: readonly UsageEntry[], subagents: readonly (readonly UsageEntry[])[]): void {
    const before = this.#tokens()
    let cost: Cost | null = null
    for (const entry of own) {
      if (entry.type === 'cost') cost = entry
      else if (entry.type === 'spent' && tokensOf(entry.counts) > 0) cost = null
      this.#take(entry)
    }
    for (const entries of subagents) this.#takeSubagent(entries)
    const tokens = this.#tokens() - before
    if (tokens > 0) this.#addCost(cost !== null && cost.tokens >= tokens ? cost.costUsd : null)
  }

  /** All of it. The cost is known where the program told it after everything else. */
  total(): UsageCounts {
    const costUsd = this.#isCostKnown ? this.#costUsd : null
    return { ...sumUsage([...this.#spent.values()].map(({ counts }) => counts)), costUsd }
  }

  /** The newest turns, at most so many, oldest first. */
  turns(last: number): TurnUsage[] {
    return this.#turns.slice(-last).map((turn) => ({
      messageId: turn.messageId ?? turn.id,
      startedAt: turn.startedAt,
      endedAt: turn.endedAt,
      usage: this.#usageOf(turn),
    }))
  }

  #usageOf(turn: Turn): Usage {
    const spent = [...this.#spent.values()].filter((one) => one.turn === turn).map(({ counts }) => counts)
    const { contextTokens, contextLimit } = turn
    return { ...sumUsage(spent), costUsd: null, contextTokens, contextLimit }
  }

  #take(entry: UsageEntry): void {
    const turn = this.#turns.at(-1) ?? null
    if (entry.type === 'began') {
      const { id, at, contextLimit } = entry
      this.#turns.push({ id, startedAt: at, messageId: null, endedAt: null, contextTokens: null, contextLimit })
    } else if (entry.type === 'spent') {
      this.#spent.set(entry.id, { counts: entry.counts, turn })
      if (turn !== null) goOn(turn, entry.contextTokens)
    } else if (turn !== null && entry.type === 'asked') turn.messageId ??= entry.id
    else if (turn !== null && entry.type === 'ended') turn.endedAt = entry.at
  }

  /** What a subagent used belongs to the turn in which it began. */
  #takeSubagent(entries: readonly UsageEntry[]): void {
    const spent = entries.filter((entry) => entry.type === 'spent')
    const first = spent.find(({ at }) => at !== null)?.at ?? null
    const turn = first === null ? undefined : this.#turns.findLast(({ startedAt }) => startedAt <= first)
    for (const { id, counts } of spent) this.#spent.set(id, { counts, turn: turn ?? this.#turns.at(-1) ?? null })
  }

  #addCost(costUsd: number | null): void {
    if (costUsd === null) this.#isCostKnown = false
    else this.#costUsd = (this.#costUsd ?? 0) + costUsd
  }

  #tokens(): number {
    return [...this.#spent.values()].reduce((sum, { counts }) => sum + tokensOf(counts), 0)
  }
}

/** A turn that was told to have ended may go on, with what a subagent brings. */
function goOn(turn: Turn, contextTokens: number | null): void {
  turn.endedAt = null
  turn.contextTokens = contextTokens ?? turn.contextTokens
}
