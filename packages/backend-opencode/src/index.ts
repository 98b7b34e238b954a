import { BACKEND_API_VERSION, type BackendFactory, type JsonObject } from '@orch/core'
import { createOpenCodeBackend } from './backend.ts'
import { type OpenCodeOptions, parseOptions } from './options.ts'

export type { OpenCodeOptions } from './options.ts'

/** The version of the contract this package implements. */
export const apiVersion: number = BACKEND_API_VERSION

/**
 * Agents as sessions of an OpenCode server: one that is given, or one that orch starts with the first agent and every
 * later process finds again.
 */
export function opencode(options: OpenCodeOptions = {}): BackendFactory {
  return (host) => createOpenCodeBackend(host, options)
}

/** The factory for a part of the configuration. @throws OrchError `CONFIG_INVALID` */
export function createBackend(options: JsonObject): BackendFactory {
  return opencode(parseOptions(options))
}
