import { pathToFileURL } from 'node:url'
import { OrchError } from '@orch/core'
import { ownEntries, ownUsage } from '../transcripts/own-transcript.ts'
import { openCodePlugin } from './opencode-plugin.ts'
import type { HookLaunch, Program } from './program.ts'

/** The variable that holds more configuration: it counts beside every file of the user's, and plugins of all are loaded. */
const CONTENT = 'OPENCODE_CONFIG_CONTENT'

/**
 * OpenCode in a terminal, which loads a plugin of orch's for this launch; its server, which `@orch/backend-opencode` works
 * with, needs no terminal. Measured on 1.18.33: Escape counts when it is pressed twice, and two in quick succession are
 * one; a pasted text that begins with a slash or ends in a file's name behind "@" opens a list, which takes the Enter.
 */
export const opencode: Program = {
  spec: { name: 'opencode', command: 'opencode', args: [], env: {}, promptBy: 'argument' },
  promptArguments: (prompt) => ['--prompt', prompt],
  hooks: {
    capabilities: ['turns', 'answers', 'requests', 'interrupt', 'transcript', 'usage', 'resume'],
    tellsStart: true,
    launch: () => ({ ...launchOf('terminal'), resume: (_, told) => ['--session', told] }),
    entriesOf: ownEntries,
    usage: { entriesOf: ownUsage },
    emptyColumn: 5,
    takesForCommand: /^\/|(^|\s)@\S*$/,
    interruptKeys: ['Escape', 'Escape', 'Escape', 'Escape'],
    startScreens: [],
    statusDirectory: () => null,
  },
}

/**
 * OpenCode without a terminal of its own, `opencode run`: it works on its task and ends. Measured on 1.18.33: it reads
 * nothing of its terminal, offers no question to its model and rejects each permission that is asked for, unless
 * `--auto` allows it; its code is 1 when the model failed, and 0 otherwise, also after a rejection. To go on with a
 * conversation it wants the next message with its launch.
 */
export const opencodeRun: Program = {
  spec: { name: 'opencode-run', command: 'opencode', args: ['run'], env: {}, promptBy: 'argument' },
  promptArguments: (prompt) => ['--', prompt],
  hooks: {
    capabilities: ['turns', 'answers', 'transcript', 'usage'],
    tellsStart: true,
    endsWithTurn: true,
    launch: () => launchOf('run'),
    entriesOf: ownEntries,
    usage: { entriesOf: ownUsage },
    emptyColumn: 0,
    takesForCommand: /(?!)/,
    interruptKeys: [],
    startScreens: [],
    statusDirectory: () => null,
  },
}

function launchOf(how: 'terminal' | 'run'): HookLaunch {
  return {
    settings: openCodePlugin(how),
    extension: 'mjs',
    arguments: () => [],
    environment: (settings, env) => ({ [CONTENT]: withPlugin(env[CONTENT], settings) }),
  }
}

/** The user's content with one more plugin. */
function withPlugin(content: string | undefined, plugin: string): string {
  const own = content === undefined || content === '' ? {} : parsed(content)
  const plugins = Array.isArray(own.plugin) ? own.plugin : []
  return JSON.stringify({ ...own, plugin: [...plugins, pathToFileURL(plugin).href] })
}

function parsed(content: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(content)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new OrchError('CREATE_FAILED', `Cannot add a plugin to the variable ${CONTENT}: it holds no JSON object`, {
    hint: `Correct or unset ${CONTENT}`,
  })
}
