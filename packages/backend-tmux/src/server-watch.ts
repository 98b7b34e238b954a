import { type BackendEvent, DeadlineError, withDeadline } from '@orch/core'
import { type ControlClient, openControl } from './client/control.ts'
import type { TmuxClient } from './client/tmux.ts'
import { CALL_TIMEOUT_MS } from './options.ts'
import type { ControlNews, Handle } from './parse.ts'

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
}

/** Follows one tmux server until it ends; a control client that was only sent away is replaced. */
export class ServerWatch {
  readonly #tmux: TmuxClient
  readonly #to: Subscription
  #client: ControlClient | null = null
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
    this.#client?.end()
    await this.#client?.ended
  }

  async #connect(): Promise<void> {
    const child = await this.#tmux.control(this.#to.socket)
    const client = openControl(child, (news) => this.#tell(news))
    this.#client = client
    if (this.#over) client.end()
    const listening = await client.listening
    void client.ended.then(() => this.#ended(listening))
  }

  #tell(news: ControlNews): void {
    for (const { id, handle } of this.#to.followed)
      if (news.pane === handle.pane || news.window === handle.window) this.#to.push({ type: 'changed', agent: id })
  }

  #ended(listened: boolean): void {
    if (this.#over) return
    for (const { id } of this.#to.followed) this.#to.push({ type: 'changed', agent: id })
    if (listened) this.#connect().catch(() => {})
  }
}
