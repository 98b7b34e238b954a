import { createHash, randomUUID } from 'node:crypto'
import type { Capability } from '@orch/core'
import { readSmallFile } from '../client/events-file.ts'
import { writeOnce, writePrivateFile } from '../client/files.ts'
import type { Paths } from '../paths.ts'
import type { ChosenProgram } from '../programs/choose-program.ts'
import type { HookKind } from '../programs/program.ts'
import { type Conversation, resumedEvents } from './resumed-run.ts'

/** A run of a program that tells what happens to it. */
export interface HookedLaunch {
  /** What the program is given before its task. */
  readonly arguments: readonly string[]
  /** Variables that are set for it. */
  readonly environment: Readonly<Record<string, string>>
  /** Files that belong to the run, to be removed when it is not made. */
  readonly files: readonly string[]
  /** Writes what the program reads. @throws OrchError `DISK`, `PERMISSION_DENIED`, `CREATE_FAILED` */
  prepare(): Promise<void>
}

/** What is noted of a launch for those who look at its run later. */
export interface LaunchNote {
  /** The conversation's id. */
  readonly session: string
  /** Where the program notes its own status; `null`: nowhere. */
  readonly status: string | null
  /** What an agent that runs it can do. */
  readonly capabilities?: readonly Capability[]
}

/** A run that is about to be made. */
export interface NewRun {
  readonly run: string
  readonly env: Readonly<Record<string, string>>
  /** A folder outside of where it works that it is to use; `null`: there is none. */
  readonly reach: string | null
  /** What it goes on with; `null`: it begins a conversation. */
  readonly resumed: Conversation | null
  /** What it is given to begin with; `null`: nothing. */
  readonly task: string | null
}

/** What a run needs so that its program tells what happens; `null` for a program that does not. */
export function hookedLaunch(
  paths: Paths,
  { spec, hooks }: Pick<ChosenProgram, 'spec' | 'hooks'>,
  { run, env, reach, resumed, task }: NewRun,
): HookedLaunch | null {
  if (hooks === null) return null
  const note: LaunchNote = {
    session: resumed?.session ?? randomUUID(),
    status: hooks.statusDirectory(env),
    capabilities: hooks.capabilities,
  }
  const launch = hooks.launch((how) => hookCommand(paths, how), note.session)
  const content = launch.settings ?? ''
  const version = createHash('sha256').update(content).digest('hex').slice(0, 8)
  const settings = `${paths.events}/${spec.name}-${version}.${launch.extension ?? 'json'}`
  const events = `${paths.events}/${run}`
  const file = noteFile(events)
  const given = taskFile(events)
  return {
    arguments: [
      ...((reach !== null && hooks.reach?.(reach)) || []),
      ...((resumed && launch.resume?.(settings, note.session)) ?? launch.arguments(settings)),
    ],
    environment: launch.environment?.(settings, env) ?? {},
    files: [file, given, ...(resumed === null ? [] : [events])],
    async prepare() {
      if (launch.settings !== null) await writeOnce(settings, content)
      await writePrivateFile(file, JSON.stringify(note))
      if (task !== null) await writePrivateFile(given, task)
      if (resumed !== null) await writePrivateFile(events, resumedEvents(resumed))
    },
  }
}

/** The note of the run whose events stand in this file; `null` when it is not there. */
export function readLaunchNote(events: string): LaunchNote | null {
  const text = readSmallFile(noteFile(events))
  try {
    return text === null ? null : (JSON.parse(text) as LaunchNote)
  } catch {
    return null
  }
}

/** What the run whose events stand in this file was given to begin with; `null` when it was given nothing. */
export function readTask(events: string): string | null {
  return readSmallFile(taskFile(events))
}

/** A program may take its task as an argument: by its words the event is known that tells of it. */
function taskFile(events: string): string {
  return `${events}.task`
}

/** The pipe by which the request with this id is answered. */
export function answerPipe(events: string, requestId: string): string {
  return `${events}.${requestId}.ask`
}

/** Where the note of a run is: it is there as long as its conversation may be gone on with. */
export function noteFile(events: string): string {
  return `${events}.launch`
}

/** Programs run it with a shell, which the script takes the place of: its parent is the program. */
function hookCommand(paths: Paths, how: HookKind): string {
  return `exec ${['/bin/sh', paths.hookScript, paths.events, how].map(shellQuoted).join(' ')}`
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
