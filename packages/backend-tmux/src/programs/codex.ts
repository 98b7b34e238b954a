import { createHash } from 'node:crypto'
import type { HookEvent } from '../hooks/hook-event.ts'
import { codexEntries } from '../transcripts/codex-transcript.ts'
import { codexUsage } from '../transcripts/codex-usage.ts'
import { alteredByCodex } from './altered-text.ts'
import { CODEX_SCREENS } from './codex-screens.ts'
import { ASK_SECONDS, COMMANDS, type HookKind, type Program } from './program.ts'

/** What Codex tells, how it is kept, and for how long its hook may run, in seconds. Measured on 0.169.0. */
const EVENTS: readonly (readonly [name: string, how: HookKind, seconds: number])[] = [
  ['SessionStart', 'whole', 600],
  ['UserPromptSubmit', 'whole', 600],
  ['PreToolUse', 'beginning', 600],
  ['PostToolUse', 'beginning', 600],
  ['PermissionRequest', 'ask', ASK_SECONDS],
  ['SubagentStart', 'beginning', 600],
  ['SubagentStop', 'beginning', 600],
  ['Stop', 'whole', 600],
  ['Interrupt', 'whole', 3],
]

/** Where hooks of the command line come from, as the program names it when it trusts them. */
const SOURCE = '/<session-flags>/config.toml'

/**
 * Codex: hooks of its own, which it runs only when they are trusted. Trust is passed with them and holds for exactly these,
 * so hooks of a project stay as untrusted as they are. A turn that ends in an error is told of by no hook, but written down.
 */
export const codex: Program = {
  spec: { name: 'codex', command: 'codex', args: [], env: {}, promptBy: 'argument' },
  hooks: {
    capabilities: ['turns', 'answers', 'requests', 'interrupt', 'transcript', 'usage', 'resume'],
    tellsStart: false,
    launch(command) {
      const hooks = EVENTS.map(([name, how, seconds]) => {
        const handler = `{type="command",command=${tomlText(command(how))},timeout=${seconds}}`
        return `${name}=[{hooks=[${handler}]}]`
      })
      const trust = EVENTS.map(([name, how, seconds]) => {
        const key = tomlText(`${SOURCE}:${snakeCase(name)}:0:0`)
        return `${key}={trusted_hash="${trustedHash(name, command(how), seconds)}"}`
      })
      const value = `{${hooks.join(',')},state={${trust.join(',')}}}`
      const passed = ['-c', `hooks=${value}`]
      return { settings: null, arguments: () => passed, resume: (_, told) => [...passed, 'resume', told] }
    },
    reach: (folder) => ['--add-dir', folder],
    entriesOf: codexEntries,
    usage: { entriesOf: codexUsage },
    emptyColumn: 2,
    emptyRow: '^› Ask Codex to do anything$',
    alters: (text) => alteredByCodex(text),
    trims: 'both',
    takesEnter: { when: /(^|\s)[@$/]\S*$/, space: 'pasted' },
    takesForCommand: COMMANDS,
    interruptKeys: ['Escape'],
    showsTurns: /• Working \((\d\ds|\d+m|\d+h)|Worked for <?\d+\S* • \d\d:\d\d/,
    startScreens: CODEX_SCREENS,
    statusDirectory: () => null,
    endsInTranscript: (lines) => lines.flatMap((line) => endIn(line) ?? []),
  },
}

/** By what Codex recognises a hook that was trusted: its own form of the handler, keys in order. */
function trustedHash(name: string, command: string, timeout: number): string {
  const handler = { async: false, command, timeout, type: 'command' }
  const identity = JSON.stringify({ event_name: snakeCase(name), hooks: [handler] })
  return `sha256:${createHash('sha256').update(identity).digest('hex')}`
}

/** `task_complete` and `turn_aborted` of a session's file, as the hook that would tell the same. */
function endIn(line: string): HookEvent | null {
  if (!line.includes('"task_complete"') && !line.includes('"turn_aborted"')) return null
  try {
    const { timestamp, type, payload } = JSON.parse(line) as TranscriptLine
    if (type !== 'event_msg' || payload === undefined) return null
    const text = payload.error?.message ?? payload.last_agent_message ?? ''
    const ended = payload.error ? 'StopFailure' : 'Stop'
    return {
      id: `transcript-${timestamp}`,
      at: Date.parse(timestamp),
      name: payload.type === 'turn_aborted' ? 'Interrupt' : ended,
      subagent: null,
      fields: { turn_id: payload.turn_id, last_assistant_message: text },
      call: '',
      source: 'transcript',
    }
  } catch {
    return null
  }
}

interface TranscriptLine {
  readonly timestamp: string
  readonly type: string
  readonly payload?: {
    readonly type: string
    readonly turn_id: string
    readonly last_agent_message?: string | null
    readonly error?: { readonly message: string } | null
  }
}

function snakeCase(name: string): string {
  return name.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase()
}

/** A basic string of TOML, which JSON's are too. */
function tomlText(text: string): string {
  return JSON.stringify(text)
}
