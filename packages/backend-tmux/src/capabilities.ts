import type { Capability } from '@orch/core'

/**
 * What an agent in tmux can do beyond the required part: run a program of the user's choice.
 * A bare program shows neither its turns nor its requests, and Ctrl-C proves nothing about a turn.
 */
export const CAPABILITIES: readonly Capability[] = ['programs']
