import { isAbsolute, relative } from 'node:path'
import { MOST_RESOURCES } from '../skills/skill.ts'
import { joinWords, shellQuote } from '../split-words.ts'

/** What a spawn context is written from. */
export interface SpawnContext {
  readonly id: string
  readonly task: string
  readonly project: string
  readonly directory: string
  readonly workspace: string
  /** The literal way to call orch; `null` when the agent has to write its page by hand. */
  readonly command: readonly string[] | null
  /** Paths of what it has to make. */
  readonly deliverables?: readonly string[]
  /** The command that has to pass, as its words. */
  readonly verify?: readonly string[]
  readonly skill?: ContextSkill | null
  readonly files?: readonly ContextFile[]
}

/** A skill as it stands in a context. */
export interface ContextSkill {
  readonly name: string
  /** Absolute: where relative paths in its text start. */
  readonly folder: string
  readonly text: string
  /** Files in its folder beside its text, relative to it. */
  readonly resources: readonly string[]
}

/** A file that was named for the agent to read. */
export interface ContextFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
}

/** The parts of a context by the name of their placeholder; an empty one is left out with its line. Pure. */
export function contextParts(context: SpawnContext): Readonly<Record<string, string>> {
  return {
    task: context.task.trim(),
    id: context.id,
    project: context.project,
    directory: context.directory,
    workspace: context.workspace,
    page: `${context.workspace}/WORKSPACE.md`,
    deliverables: deliverablesText(context),
    verify: verifyText(context),
    reporting: reportingText(context),
    skill: skillText(context),
    context: (context.files ?? []).map((file) => fileText(context, file)).join('\n\n'),
  }
}

function deliverablesText({ deliverables = [] }: SpawnContext): string {
  if (deliverables.length === 0) return ''
  const list = deliverables.map((path) => `- ${path}`).join('\n')
  return `When you are done these have to exist, relative to where you work:\n\n${list}`
}

function verifyText({ verify }: SpawnContext): string {
  if (verify === undefined) return ''
  const line = joinWords(verify)
  return `When you are done this command has to pass where you work; run it before you report Complete:\n\n${fenced(line, 'sh')}`
}

function reportingText(context: SpawnContext): string {
  return `Report your progress whenever it changes (Planning, Implementing, Testing, or words of your own)${how(context)}
Report the phase Complete only when the whole task is done and checked. If you need an answer to go on,
${howToAsk(context)}add a line that starts with "QUESTION: " to your own page (or "BLOCKED: " when something stands in your way)
and end your turn; the answer comes to you as a message.`
}

function howToAsk({ command, id, project }: SpawnContext): string {
  if (command === null) return ''
  const call = command.map(shellQuote).join(' ')
  return `run this command, QUESTION replaced by your words in quotes; it waits for the answer and prints it:

\`\`\`sh
${call} ask QUESTION --id ${id} --project ${shellQuote(project)}
\`\`\`

If it is cut off before that, run it again with the same words. Agents that you start with orch yourself get "--parent ${id}".
Instead of asking by command you can `
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

function skillText({ skill = null }: SpawnContext): string {
  if (skill === null) return ''
  const { name, folder, text, resources } = skill
  const list = resources.length === 0 ? '' : `\n${introduced(resources)}: ${resources.join(', ')}.`
  return `---
Work on the task by the skill "${name}", whose text follows. Paths in it start in its folder,
${folder}.${list}

${text.trim()}`
}

function introduced({ length }: readonly string[]): string {
  return length < MOST_RESOURCES ? 'Its other files are' : 'It has many other files, among them'
}

function fileText({ directory }: SpawnContext, { path, text }: ContextFile): string {
  const below = relative(directory, path)
  const shown = below.startsWith('..') || isAbsolute(below) ? path : below
  return `---\nThe file ${shown} goes with the task, as it was when you were started:\n\n${fenced(text.trimEnd(), '')}`
}

/** A code block that its text cannot end. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text}\n${fence}`
}
