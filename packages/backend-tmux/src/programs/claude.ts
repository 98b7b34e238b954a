import { waitingInClaude } from '../transcripts/claude-queue.ts'
import { claudeEntries } from '../transcripts/claude-transcript.ts'
import { claudeUsage } from '../transcripts/claude-usage.ts'
import { alteredByClaude } from './altered-text.ts'
import { CLAUDE_SCREENS } from './claude-screens.ts'
import { ASK_SECONDS, COMMANDS, type HookKind, type Program } from './program.ts'

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

/** Claude Code: hooks of its own, and a status file for each process. */
export const claude: Program = {
  spec: { name: 'claude', command: 'claude', args: [], env: {}, promptBy: 'argument' },
  hooks: {
    capabilities: ['turns', 'answers', 'requests', 'interrupt', 'transcript', 'usage', 'resume'],
    tellsStart: true,
    launch(command, session) {
      const hooks = Object.entries(EVENTS).map(([name, how]) => {
        const hook = { type: 'command', command: command(how), ...(how === 'ask' && { timeout: ASK_SECONDS }) }
        return [name, [{ hooks: [hook] }]]
      })
      return {
        settings: `${JSON.stringify({ hooks: Object.fromEntries(hooks) })}\n`,
        arguments: (settings) => ['--settings', settings, '--session-id', session],
        resume: (settings, told) => ['--settings', settings, '--resume', told],
      }
    },
    // It takes all that follows for folders, up to the next option.
    reach: (folder) => ['--add-dir', folder],
    entriesOf: claudeEntries,
    usage: {
      entriesOf: claudeUsage,
      subagentFolder: (transcript) => `${transcript.replace(/\.jsonl$/, '')}/subagents`,
    },
    waitingIn: waitingInClaude,
    emptyColumn: 2,
    emptyRow: '^❯.?$',
    alters: (text) => alteredByClaude(text),
    trims: 'end',
    takesEnter: { when: /(\\|(^|\s)[@/]\S*)$/, space: 'typed' },
    takesForCommand: new RegExp(`${COMMANDS.source}|^\\s*(exit|quit|:q!?|:wq!?)\\s*$`),
    interruptKeys: ['Escape'],
    startScreens: CLAUDE_SCREENS,
    statusDirectory({ CLAUDE_CONFIG_DIR, HOME }) {
      const directory = CLAUDE_CONFIG_DIR || (HOME && `${HOME}/.claude`)
      return directory ? `${directory}/sessions` : null
    },
  },
}
