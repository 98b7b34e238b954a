import type { Doc } from '@orch/core'
import { COMMANDS, findCommand } from '../commands.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { type Page, styled } from '../page.ts'
import { runAsScript } from '../run-as-script.ts'
import { TOPICS, topicText } from '../topics.ts'

/** Result of `help`: the lists of commands and topics, or the text of one. */
interface HelpDocument extends Doc {
  readonly commands: readonly { readonly name: string; readonly summary: string }[]
  readonly topics: typeof TOPICS
  readonly text: string | null
}

/** `orch help`: what `orch` alone and `orch --help` show as well. */
export const command: Command<HelpDocument> = defineCommand({
  command: 'help [topic]',
  describe: 'List the commands, or explain one, or a topic',
  positionals: { topic: { type: 'string', describe: 'The command or topic to explain' } },
  examples: [
    ['orch help spawn', 'the same as orch spawn --help'],
    ['orch help exit-codes', 'a topic'],
  ],
  run: async ({ topic }) => {
    const listed = COMMANDS.map(({ name, summary }) => ({ name, summary }))
    const { command: completion } = await import('./completion.ts')
    const beside = [completion, command].map(({ verb, describe }) => ({ name: verb, summary: describe }))
    const all = {
      apiVersion: 1,
      warnings: [],
      commands: [...listed, ...beside],
      topics: TOPICS,
    } as const
    if (topic === undefined) return { ...all, text: null }
    if (TOPICS.some(({ name }) => name === topic)) return { ...all, text: topicText(topic) }
    const own = [completion, command].find(({ verb }) => verb === topic)
    const explained = own ?? (await (await findCommand(topic)).load()).command
    const { helpText } = await import('../parse-words.ts')
    return { ...all, text: await helpText(explained) }
  },
  render,
})

function render({ commands, topics, text }: HelpDocument, page: Page): void {
  if (text === null) renderList(commands, topics, page)
  else page.text(text)
}

function renderList(commands: HelpDocument['commands'], topics: HelpDocument['topics'], page: Page): void {
  page.line('orch VERB [agent…] [options]: run, watch, steer and finish AI coding agents')
  page.line()
  for (const { name, summary } of commands) page.line('  ', styled('bold', name.padEnd(12)), summary)
  page.line()
  page.line('Topics:')
  for (const { name, summary } of topics) page.line('  ', styled('bold', name.padEnd(14)), summary)
  page.line()
  page.line('Every command takes --json, -C/--project DIR, --backend NAME, --request-timeout DURATION,')
  page.line('--quiet and --help. "orch help NAME" explains one; "orch --version" prints the version.')
}

runAsScript(import.meta, command)
