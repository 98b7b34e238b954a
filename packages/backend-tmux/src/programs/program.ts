import type { Capability, ProgramSpec } from '@orch/core'

/** An agent program that is known without any configuration. */
export interface Program {
  /** How it is launched. A configured program of the same name is launched as configured, and listened to as this says. */
  readonly spec: ProgramSpec
  /** How it tells what happens to it; `null`: it shows nothing but its process and its output. */
  readonly hooks: ProgramHooks | null
}

/** How a program is made to tell what happens, for one launch only: files of the user's own are never edited. */
export interface ProgramHooks {
  /** What an agent that runs it can do beyond running it. */
  readonly capabilities: readonly Capability[]
  /** The file that makes it call the hook script. @param command the command line that keeps an event this way */
  settings(command: (how: HookKind) => string): string
  /** What it is given before its task. */
  arguments(launch: HookLaunch): readonly string[]
  /** The directory in which it notes its own status, one file for each process; `null`: it does not. */
  statusDirectory(env: Readonly<Record<string, string | undefined>>): string | null
}

/**
 * How the script keeps an event: `whole`; only its `beginning`, where a tool's input and output may be large; or whole,
 * and then waits for what `answer` says, which the program takes for the decision on what it asks.
 */
export type HookKind = 'whole' | 'beginning' | 'ask'

/** What one launch works with. */
export interface HookLaunch {
  /** Path of the file that `settings` made. */
  readonly settings: string
  /** A new UUID: the conversation goes on under it after the program ended. */
  readonly session: string
}
