/** What a top-level key of the configuration is for, and a value of it that `orch init` shows as a comment. */
interface KeyText {
  readonly text: string
  readonly example: unknown
}

/** Every top-level key that {@link configSchema} allows; the check of the JSON Schema misses one that is not here. */
export const KEY_TEXTS: Readonly<Record<string, KeyText>> = {
  defaultBackend: {
    text: 'The backend of new agents, for example "opencode"; ORCH_BACKEND and --backend outrank it',
    example: 'mine',
  },
  backends: {
    text: 'The options of each backend; one that orch does not know by name needs a "module"',
    example: { tmux: { columns: 200, rows: 50 } },
  },
  programs: {
    text: 'Programs for --program: their command, and how they take their task ("argument", "send" or "none")',
    example: { reviewer: { command: 'my-agent', args: ['--review'], promptBy: 'argument' } },
  },
  models: {
    text: 'Short names of models, for --model',
    example: { fast: 'anthropic/claude-haiku-4-5' },
  },
  notify: {
    text: 'A command that "wait" and "status --watch" run when an agent changes its state; no shell',
    example: ['notify-send', 'orch'],
  },
  verify: {
    text: 'A command that "complete" runs in the directory of the agent: it must exit with 0; no shell',
    example: ['npm', 'test'],
  },
  skills: {
    text: 'Further folders of skills, for --skill; a relative one starts from the folder of this file',
    example: ['~/team-skills'],
  },
  maxParallel: {
    text: 'How many agents of the project are at work at once; further ones are queued; --max-parallel outranks it',
    example: 3,
  },
  limits: {
    text: 'How far agents may start agents: how deep, how many each, and up to how many in the project',
    example: { depth: 3, children: 20, agents: 100 },
  },
  worktree: {
    text: 'How worktrees of agents are made: the set-up command, untracked paths to link or copy, the folder they lie in',
    example: { setup: ['npm', 'ci'], link: ['node_modules'], copy: ['.env'] },
  },
}
