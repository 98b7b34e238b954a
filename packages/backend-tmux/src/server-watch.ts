import { type BackendEvent, DeadlineError, interval, withDeadline } from '@orch/core'
import type { Connection } from './client/connection.ts'
import { collectDeaths } from './client/missed-deaths.ts'
import type { TmuxClient } from './client/tmux.ts'
import { CALL_TIMEOUT_MS, MISSED_DEATH_MS } from './options.ts'
import type { Handle } from './parse.ts'

/** An agent that can be followed. */
export interface Followed {
  readonly id: string
  readonly socket: string
  readonly handle: Handle
}

interface Subscription {
  readonly socket: string
  readonly followed: readonly Followed[]
  readonly push: (event: BackendEvent) => void
  /** Whether the server is orch's own: in one of somebody else nothing is set. */
  readonly isOwn: boolean
}

/** Tells of the end of one tmux server, and makes it tell of panes and windows; a connection that somebody killed is replaced. */
export class ServerWatch {
  readonly #tmux: TmuxClient
  readonly #to: Subscription
  #connection: Connection | null = null
  #collecting: { stop(): void } | null = null
  #over = false

  constructor(tmux: TmuxClient, to: Subscription) {
    this.#tmux = tmux
    this.#to = to
  }

  /** Resolves once it listens, or the server is known to be gone; a server that is mute is a gap. */
  async listen(signal: AbortSignal): Promise<void> {
    try {
      await withDeadline(CALL_TIMEOUT_MS, signal, () => this.#connect())
    } catch (error) {
      if (signal.aborted) return
      const mute = error instanceof DeadlineError
      const text = mute ? 'The tmux server does not answer' : (error as Error).message
      this.#to.push({ type: 'gap', agent: null, reason: { code: 'NOT_WATCHED', text } })
    }
  }

  /** Resolves when its process is gone. */
  async end(): Promise<void> {
    this.#over = true
    this.#collecting?.stop()
    this.#connection?.end()
    await this.#connection?.ended
  }

  async #connect(): Promise<void> {
    const connection = await this.#tmux.connect(this.#to.socket, this.#to.isOwn)
    this.#connection = connection
    if (this.#over) connection.end()
    const stood = await connection.standing
    if (stood && !this.#over) this.#collect()
    void connection.ended.then(() => this.#ended(stood))
  }

  /** The hooks of deaths that tmux missed run then: one signal for each server, whatever the number of agents. */
  #collect(): void {
    const servers = new Set(this.#to.followed.map(({ handle }) => handle.server.pid))
    this.#collecting ??= interval(MISSED_DEATH_MS, () => servers.forEach(collectDeaths))
  }

  #ended(stood: boolean): void {
    if (this.#over) return
    this.#collecting?.stop()
    this.#collecting = null
    for (const { id } of this.#to.followed) this.#to.push({ type: 'changed', agent: id })
    if (stood) this.#connect().catch(() => {})
  }
}
