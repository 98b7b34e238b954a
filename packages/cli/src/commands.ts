import type { Command } from './define-command.ts'

/** One verb of the command line; its file is imported when it is used. */
export interface CommandEntry {
  readonly name: string
  /** The `describe` of its file. */
  readonly summary: string
  load(): Promise<{ readonly command: Command }>
}

/** The commands that are about commands: they import this table, and main loads them by itself. */
export const BESIDE = ['completion', 'help'] as const

/** Every command but {@link BESIDE}, in the order in which help lists them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'spawn',
    summary: 'Start an agent on a task',
    load: () => import('./commands/spawn.ts'),
  },
  {
    name: 'status',
    summary: 'Show the agents of the project, those that need you first',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'check',
    summary: 'Show everything about one agent',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'tail',
    summary: 'Show the newest output of an agent, or follow it',
    load: () => import('./commands/tail.ts'),
  },
  {
    name: 'send',
    summary: 'Send a message to an agent and say how sure its delivery is',
    load: () => import('./commands/send.ts'),
  },
  {
    name: 'wait',
    summary: 'Wait until agents are done, or cannot get there by themselves',
    load: () => import('./commands/wait.ts'),
  },
  {
    name: 'answer',
    summary: 'List what an agent waits on, or answer it',
    load: () => import('./commands/answer.ts'),
  },
  {
    name: 'interrupt',
    summary: 'End the running turn of an agent and keep the agent',
    load: () => import('./commands/interrupt.ts'),
  },
  {
    name: 'attach',
    summary: 'Show an agent in its own viewer, to look and to type',
    load: () => import('./commands/attach.ts'),
  },
  {
    name: 'resume',
    summary: 'Have agents go on that stopped before they were done; start their program again if it ended',
    load: () => import('./commands/resume.ts'),
  },
  {
    name: 'complete',
    summary: 'Verify the work of agents, then end them and close their records',
    load: () => import('./commands/complete.ts'),
  },
  {
    name: 'abandon',
    summary: 'End agents without verification; their work stays on disk',
    load: () => import('./commands/abandon.ts'),
  },
  {
    name: 'diff',
    summary: 'Show what changed in the checkout of an agent since its spawn',
    load: () => import('./commands/diff.ts'),
  },
  {
    name: 'ask',
    summary: 'Ask the owner of an agent and wait for the answer; agents call this themselves',
    load: () => import('./commands/ask.ts'),
  },
  {
    name: 'label',
    summary: 'Show or change the labels that agents are selected by',
    load: () => import('./commands/label.ts'),
  },
  {
    name: 'adopt',
    summary: 'Take over a window or session that orch did not start, or list what could be',
    load: () => import('./commands/adopt.ts'),
  },
  {
    name: 'recover',
    summary: 'Say what a crash or a restart left undone, and go on with it',
    load: () => import('./commands/recover.ts'),
  },
  {
    name: 'clean',
    summary: 'Remove what is left of agents that are provably finished, and say why for each',
    load: () => import('./commands/clean.ts'),
  },
  {
    name: 'history',
    summary: 'Show agents that were and are: when, how long, what came of them; or all that was done to one',
    load: () => import('./commands/history.ts'),
  },
  {
    name: 'skills',
    summary: 'List the skills that agents can work by, and which counts where two have one name',
    load: () => import('./commands/skills.ts'),
  },
  {
    name: 'phase',
    summary: 'Report the progress of an agent; agents call this themselves',
    load: () => import('./commands/phase.ts'),
  },
  {
    name: 'init',
    summary: 'Make a project ready: a configuration, .gitignore, and a page that tells agents of orch',
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'config',
    summary: 'Show or change the configuration',
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'server',
    summary: 'Start, stop or look at the server of a backend',
    load: () => import('./commands/server.ts'),
  },
  {
    name: 'doctor',
    summary: 'Say what is installed, reachable or misconfigured, and what mends it',
    load: () => import('./commands/doctor.ts'),
  },
]

/**
 * The command of a verb.
 * @throws OrchError `USAGE` for a verb that does not exist, naming those that may have been meant.
 */
export async function findCommand(verb: string): Promise<CommandEntry> {
  const entry = COMMANDS.find(({ name }) => name === verb)
  if (entry !== undefined) return entry
  const { unknownVerb } = await import('./unknown-verb.ts')
  throw unknownVerb(verb, [...COMMANDS.map(({ name }) => name), ...BESIDE])
}
