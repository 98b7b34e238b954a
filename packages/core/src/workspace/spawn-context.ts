/** What a spawn context is written from. */
export interface SpawnContext {
  readonly id: string
  readonly task: string
  readonly project: string
  readonly directory: string
  readonly workspace: string
  /** The literal way to call orch; `null` when the agent has to write its page by hand. */
  readonly command: readonly string[] | null
}

/** The text of `SPAWN_CONTEXT.md`, which is also the first message to the agent. Pure. */
export function spawnContextText(context: SpawnContext): string {
  return `${context.task.trim()}

---
You are the agent "${context.id}". The text above is your task.

- Project: ${context.project}
- You work in: ${context.directory}
- Your own folder: ${context.workspace}
- Your own page: ${context.workspace}/WORKSPACE.md

Report your progress whenever it changes (Planning, Implementing, Testing, or words of your own)${how(context)}
Report the phase Complete only when the whole task is done and checked. If you need an answer to go on,
add a line that starts with "QUESTION: " to your own page (or "BLOCKED: " when something stands in your way)
and end your turn; the answer comes to you as a message.
`
}

function how(context: SpawnContext): string {
  if (context.command === null) {
    return ` by adding a line
"Phase: NAME - NOTE" at the end of your own page.
`
  }
  const call = context.command.map(shellQuote).join(' ')
  return ` with this command,
PHASE and NOTE replaced by your words in quotes:

\`\`\`sh
${call} phase PHASE --note NOTE --id ${context.id} --project ${shellQuote(context.project)}
\`\`\`
`
}

/** One word for a POSIX shell, always in single quotes. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
