import type { Capability, ProgramSpec } from '@orch/core'
import type { HookEvent } from '../hooks/hook-event.ts'
import type { TranscriptEntry } from '../transcripts/transcript-entry.ts'
import type { UsageEntry } from '../transcripts/usage-entry.ts'

/** The version of this interface; a program's module exports it as `apiVersion`. */
export const PROGRAM_API_VERSION = 1

/** What a program's module exports. */
export interface ProgramModule {
  readonly apiVersion: number
  readonly program: Program
}

/** How a program is launched, with nothing left open. */
export interface LaunchSpec extends ProgramSpec {
  readonly command: string
  readonly promptBy: 'argument' | 'send' | 'none'
}

/** An agent program: one that is known without any configuration, or a module's. */
export interface Program {
  /** How it is launched. A configured program of the same name is launched as configured, and listened to as this says. */
  readonly spec: LaunchSpec
  /**
   * How it takes its task as an argument, after all others. @default the task alone
   * @param args those of its own
   */
  promptArguments?(prompt: string, args: readonly string[]): readonly string[]
  /** How it tells what happens to it; `null`: it shows nothing but its process and its output. */
  readonly hooks: ProgramHooks | null
}

/** How a program is made to tell what happens, for one launch only: files of the user's own are never edited. */
export interface ProgramHooks {
  /** What an agent that runs it can do beyond running it. */
  readonly capabilities: readonly Capability[]
  /** Whether it tells of the beginning of its conversation before it is given the first message. */
  readonly tellsStart: boolean
  /**
   * What it is given before its task.
   * @param command the command line for a shell that keeps an event this way; it takes the place of that shell, as of the
   *   processes that tell of a run the first counts as the program and is to be its parent
   * @param session a new UUID: the conversation goes on under it after the program ended, where it can be chosen
   */
  launch(command: (how: HookKind) => string, session: string): HookLaunch
  /**
   * What it is given beside that to use a folder outside of where it works, as its own files are, without asking. They come
   * first. @default nothing
   */
  reach?(folder: string): readonly string[]
  /** The directory in which it notes its own status, one file for each process; `null`: it does not. */
  statusDirectory(env: Readonly<Record<string, string | undefined>>): string | null
  /**
   * It is given one task and ends with the turn of that: it reads nothing that is typed, and is sent nothing. Its turn
   * counts as running until its process has ended, when the event that tells of the end has `leaves: true`. @default false
   */
  readonly endsWithTurn?: boolean
  /** In which column the cursor stands, from 0, while the line to type in is empty. */
  readonly emptyColumn: number
  /** The whole row of the screen then, as an extended regular expression for tmux; left out: it may hold anything. */
  readonly emptyRow?: string
  /** Why a text would not reach the model as it is, to go on after "it"; `null`: it would. Left out: all do. */
  alters?(text: string): string | null
  /** At which ends of a text it takes white space off. @default neither */
  readonly trims?: 'end' | 'both'
  /** A text that ends so takes the Enter for itself, unless a space stands behind it, which is taken off again. */
  readonly takesEnter?: { readonly when: RegExp; readonly space: 'pasted' | 'typed' }
  /** A text that looks so is no message to it but a command: a shell's, which it runs without asking, or its own. */
  readonly takesForCommand: RegExp
  /** What a person presses to break off a turn: one after the other, until it is. */
  readonly interruptKeys: readonly string[]
  /** The screens that may come before its conversation begins; of those that match, the first counts. */
  readonly startScreens: readonly StartScreen[]
  /**
   * What its screen shows of a turn that has run for ten seconds or is over, as `StartScreen.shows`: a program that told of
   * nothing by then runs no hooks. Left out where its status shows as much.
   */
  readonly showsTurns?: RegExp
  /** What a line of its transcript says. */
  entriesOf(line: string): TranscriptEntry[]
  /** How its transcripts tell what was used; left out where they do not. */
  readonly usage?: UsageFormat
  /** How many messages wait for a turn by the last lines of its transcript; left out where that does not tell. */
  waitingIn?(lines: readonly string[]): number
  /** What its transcript tells of the ends of turns, for those that no hook tells of; left out where it is not needed. */
  endsInTranscript?(lines: readonly string[]): HookEvent[]
}

/** How a program writes down what it used. */
export interface UsageFormat {
  /** What a line of a transcript, its own or a subagent's, says of that. */
  entriesOf(line: string): UsageEntry[]
  /** The folder that holds the transcripts of a conversation's subagents; left out where only its hooks name them. */
  subagentFolder?(transcript: string): string
}

/** A screen of a program that a person must answer before it begins. */
export interface StartScreen {
  readonly name: string
  /** Matched with what the screen shows, each run of white space as one space. */
  readonly shows: RegExp
  /** What it asks for, for people. */
  readonly text: string
  /** What can be chosen from outside; left out: a person must see to it in the window. */
  readonly choices?: ScreenChoices
}

/** What a screen lets choose, as it writes that: of one that is not written just so, nothing is chosen. */
export interface ScreenChoices {
  /** A row that it shows beside them. */
  readonly title: string
  readonly choices: readonly ScreenChoice[]
}

/** One of them. */
export interface ScreenChoice {
  readonly id: string
  /** Its row, without the mark of the one that is pointed at. */
  readonly label: string
  /** What is pressed for it, by the name of the key; left out: it is pointed at in a list and confirmed there. */
  readonly key?: 'Enter' | 'Escape'
}

/**
 * How the script keeps an event: `whole`; only its `beginning`, where a tool's input and output may be large; or whole,
 * and then waits for what `answer` says, which the program takes for the decision on what it asks.
 */
export type HookKind = 'whole' | 'beginning' | 'ask'

/** How one launch passes the hooks. */
export interface HookLaunch {
  /** The content of a file that its arguments or its environment name; `null`: it needs none. */
  readonly settings: string | null
  /** How the name of that file ends. @default "json" */
  readonly extension?: string
  /** @param settings path of that file */
  arguments(settings: string): readonly string[]
  /**
   * Variables that are set for the program.
   * @param settings path of that file
   * @param env what its environment is otherwise: what the user has set there stays in force
   * @throws OrchError `CREATE_FAILED` where that is not possible
   */
  environment?(settings: string, env: Readonly<Record<string, string>>): Readonly<Record<string, string>>
  /**
   * Instead of those, to go on with a conversation whose program has ended; no task follows them. Left out by a program
   * that cannot (capability `resume`).
   * @param session the conversation's id, as the program told it
   */
  resume?(settings: string, session: string): readonly string[]
}

/** What Claude Code and Codex take for a command; white space before a slash is passed over. */
export const COMMANDS: RegExp = /^(!|\s*\/)/

/** How long a dialog may stay open, in seconds: thirty days. */
export const ASK_SECONDS: number = 30 * 24 * 3600
