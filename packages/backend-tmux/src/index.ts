import { BACKEND_API_VERSION, type BackendFactory, type JsonObject } from '@orch/core'
import { openBackend } from './backend.ts'
import { completeOptions, optionsFromConfig, type TmuxOptions } from './options.ts'

export type { HookEvent } from './hooks/hook-event.ts'
export type { TmuxOptions } from './options.ts'
export { knownProgram } from './programs/known.ts'
export type {
  HookKind,
  HookLaunch,
  LaunchSpec,
  Program,
  ProgramHooks,
  ProgramModule,
  StartScreen,
  UsageFormat,
} from './programs/program.ts'
export { PROGRAM_API_VERSION } from './programs/program.ts'
export type { TranscriptEntry } from './transcripts/transcript-entry.ts'
export type { UsageEntry } from './transcripts/usage-entry.ts'

/** The version of the contract this package implements. */
export const apiVersion: number = BACKEND_API_VERSION

/**
 * Agents in tmux windows: claude, codex, opencode or any other program, one window each, in a tmux server
 * of orch's own. Opening it starts nothing.
 *
 * @throws RangeError for a size outside 20 to 10,000, or a history outside 0 to 1,000,000.
 * @example
 * const backend = tmux({ columns: 160 })({ name: 'tmux', stateDirectory, namespace, env: process.env });
 */
export function tmux(options: TmuxOptions = {}): BackendFactory {
  const complete = completeOptions(options)
  return (host) => openBackend(host, complete)
}

/**
 * What core calls with `backends.<name>` of the configuration.
 *
 * @throws OrchError `CONFIG_INVALID` for an unknown option or a value of the wrong kind, naming it.
 */
export function createBackend(options: JsonObject): BackendFactory {
  return tmux(optionsFromConfig(options))
}
