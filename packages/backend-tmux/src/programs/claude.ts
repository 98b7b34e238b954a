import type { HookKind, Program } from './program.ts'

/**
 * What Claude Code tells, and how it is kept. Its hooks run one after the other but for those of `ask` and of subagents.
 * Measured on 2.1.332; `Stop` names the background tasks that go on, and Escape fires none.
 */
const EVENTS: Readonly<Record<string, HookKind>> = {
  SessionStart: 'whole',
  SessionEnd: 'whole',
  UserPromptSubmit: 'whole',
  PreToolUse: 'beginning',
  PostToolUse: 'beginning',
  PostToolUseFailure: 'beginning',
  PermissionRequest: 'ask',
  SubagentStart: 'beginning',
  SubagentStop: 'beginning',
  Stop: 'whole',
  StopFailure: 'whole',
}

/** How long a dialog may stay open, in seconds: thirty days. */
const ASK_SECONDS = 30 * 24 * 3600

/** Claude Code: hooks of its own, and a status file for each process. */
export const claude: Program = {
  spec: { name: 'claude', command: 'claude', args: [], env: {}, promptBy: 'argument' },
  hooks: {
    capabilities: ['turns', 'answers', 'requests', 'interrupt'],
    settings(command) {
      const hooks = Object.entries(EVENTS).map(([name, how]) => {
        const hook = { type: 'command', command: command(how), ...(how === 'ask' && { timeout: ASK_SECONDS }) }
        return [name, [{ hooks: [hook] }]]
      })
      return `${JSON.stringify({ hooks: Object.fromEntries(hooks) })}\n`
    },
    arguments: ({ settings, session }) => ['--settings', settings, '--session-id', session],
    statusDirectory({ CLAUDE_CONFIG_DIR, HOME }) {
      const directory = CLAUDE_CONFIG_DIR || (HOME && `${HOME}/.claude`)
      return directory ? `${directory}/sessions` : null
    },
  },
}
