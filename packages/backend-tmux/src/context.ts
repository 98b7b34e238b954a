import type { BackendHost } from '@orch/core'
import type { TmuxClient } from './client/tmux.ts'
import type { CompleteOptions } from './options.ts'
import type { Paths } from './paths.ts'

/** What every method of one opened backend works with. */
export interface Context {
  readonly host: BackendHost
  readonly options: CompleteOptions
  readonly paths: Paths
  readonly tmux: TmuxClient
}
