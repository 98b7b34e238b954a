import { claudeEntries } from '../transcripts/claude-transcript.ts'
import { claudeUsage } from '../transcripts/claude-usage.ts'
import { alteredByClaude } from './altered-text.ts'
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
    entriesOf: claudeEntries,
    usage: {
      entriesOf: claudeUsage,
      subagentFolder: (transcript) => `${transcript.replace(/\.jsonl$/, '')}/subagents`,
    },
    emptyColumn: 2,
    emptyRow: '^❯.?$',
    alters: (text) => alteredByClaude(text),
    trims: 'end',
    takesEnter: { when: /(\\|(^|\s)[@/]\S*)$/, space: 'typed' },
    takesForCommand: new RegExp(`${COMMANDS.source}|^\\s*(exit|quit|:q!?|:wq!?)\\s*$`),
    interruptKeys: ['Escape'],
    startScreens: [
      {
        name: 'trust',
        shows: /I trust this folder/,
        text: 'It asks whether you trust the folder: answer it in its window',
      },
      {
        name: 'bypass',
        shows: /Bypass Permissions mode.*Yes, I accept/,
        text: 'It asks whether you accept that it asks for no permission: answer it in its window',
      },
      { name: 'theme', shows: /Choose the text style/, text: 'It asks for a theme: answer it in its window' },
      { name: 'login', shows: /Select login method/, text: 'It asks you to log in: do so in its window' },
    ],
    statusDirectory({ CLAUDE_CONFIG_DIR, HOME }) {
      const directory = CLAUDE_CONFIG_DIR || (HOME && `${HOME}/.claude`)
      return directory ? `${directory}/sessions` : null
    },
  },
}
