import { COMMANDS, findCommand } from '../commands.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { type Page, styled } from '../page.ts'
import { helpText } from '../parse-words.ts'
import { runAsScript } from '../run-as-script.ts'

/** Result of `help`: the list of commands, or the text of one. */
interface HelpDocument {
  readonly apiVersion: 1
  readonly commands: readonly { readonly name: string; readonly summary: string }[]
  readonly text: string | null
}

/** `orch help`: what `orch` alone and `orch --help` show as well. */
export const command: Command<HelpDocument> = defineCommand({
  command: 'help [verb]',
  describe: 'List the commands, or explain one',
  positionals: { verb: { type: 'string', describe: 'The command to explain' } },
  examples: [['orch help spawn', 'the same as orch spawn --help']],
  run: async (args) => {
    const listed = COMMANDS.map(({ name, summary }) => ({ name, summary }))
    const commands = [...listed, { name: 'help', summary: command.describe }]
    if (args.verb === undefined) return { apiVersion: 1, commands, text: null }
    const explained = args.verb === 'help' ? command : (await (await findCommand(args.verb)).load()).command
    return { apiVersion: 1, commands, text: await helpText(explained) }
  },
  render,
})

function render({ commands, text }: HelpDocument, page: Page): void {
  if (text === null) renderList(commands, page)
  else page.text(text)
}

function renderList(commands: HelpDocument['commands'], page: Page): void {
  page.line('orch VERB [agent…] [options]: run, watch, steer and finish AI coding agents')
  page.line()
  for (const { name, summary } of commands) page.line('  ', styled('bold', name.padEnd(10)), summary)
  page.line()
  page.line('Every command takes --json, -C/--project DIR, --backend NAME, --request-timeout DURATION,')
  page.line('--quiet and --help. "orch help VERB" explains one; "orch --version" prints the version.')
}

runAsScript(import.meta, command)
