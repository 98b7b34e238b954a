import { storiesOf } from './stories/both.ts'
import { CLAUDE_STORIES } from './stories/claude.ts'
import { CODEX_STORIES } from './stories/codex.ts'
import { OPENCODE_RUN_STORIES, OPENCODE_STORIES } from './stories/opencode.ts'
import type { Story } from './story.ts'

/** All stories, each with a program of its own. */
export const STORIES: readonly Story[] = [
  ...storiesOf('claude'),
  ...CLAUDE_STORIES,
  ...storiesOf('codex'),
  ...CODEX_STORIES,
  ...storiesOf('opencode', ['start', 'kill', 'kill-idle', 'kill-waiting', 'wrapper']),
  ...OPENCODE_STORIES,
  ...storiesOf('opencode-run', ['start', 'kill', 'terminate', 'wrapper']),
  ...OPENCODE_RUN_STORIES,
]
