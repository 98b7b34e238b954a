import { storiesOf } from './stories/both.ts'
import { CLAUDE_STORIES } from './stories/claude.ts'
import { CODEX_STORIES } from './stories/codex.ts'
import type { Story } from './story.ts'

/** All stories, each with a program of its own. */
export const STORIES: readonly Story[] = [
  ...storiesOf('claude'),
  ...CLAUDE_STORIES,
  ...storiesOf('codex'),
  ...CODEX_STORIES,
]
