import { type AdoptDocument, adopt, joinWords, listAdoptable, parseLabels } from '@orch/core'
import { type Command, defineCommand } from '../define-command.ts'
import { EXIT } from '../exit-codes.ts'
import { listOption } from '../options.ts'
import { oneLine, type Page, styled, writeTable } from '../page.ts'
import { writeAgentLine } from '../render/agent.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch adopt`: without a terminal stdout is exactly the id, as of `spawn`. Exit code 69 when it lists, and some backend could not be looked at. */
export const command: Command<AdoptDocument> = defineCommand({
  command: 'adopt [place]',
  describe: 'Take over a window or session that orch did not start, or list what could be',
  positionals: {
    place: { type: 'string', describe: 'A tmux pane (%12) or an OpenCode session; left out: what could be adopted' },
  },
  options: {
    socket: {
      type: 'string',
      requiresArg: true,
      describe: "Of the tmux server with this socket (that of $TMUX, and orch's own, when left out)",
    },
    task: { type: 'string', requiresArg: true, describe: 'What it works at (its title when left out)' },
    name: { type: 'string', requiresArg: true, describe: 'The first part of its id' },
    label: listOption('A label, key=value; can be given again'),
  },
  examples: [
    ['orch adopt', 'what could be adopted'],
    ['orch adopt %12', 'a pane of the tmux that this is run in; it is tagged, nothing else'],
    ['orch adopt ses_5c2f --backend opencode', 'a session of the server that orch uses'],
  ],
  run: async ({ place, socket, task, name, label }, context) => {
    const orch = await context.orch()
    const options = { server: socket, task, name, labels: labelsOf(label), signal: context.signal }
    return place === undefined ? listAdoptable(orch, options) : adopt(orch, place, options)
  },
  render: (document, page, { socket }) => render(document, page, socket),
  exitCode: ({ agent, complete }) => (complete || agent !== null ? EXIT.ok : EXIT.unavailable),
})

function labelsOf(words: readonly string[] | undefined): Readonly<Record<string, string>> | undefined {
  return words === undefined ? undefined : (parseLabels(words) as Readonly<Record<string, string>>)
}

function render({ adoptable, agent, backends }: AdoptDocument, page: Page, socket: string | undefined): void {
  if (agent !== null) {
    if (page.interactive) writeAgentLine(page, agent)
    else page.line(agent.id)
    page.note(`  → orch attach ${agent.id}`)
    return
  }
  for (const { name, error } of backends)
    if (error !== null) page.line(styled('yellow', `${name} could not be looked at: ${oneLine(error.text)}`))
  if (adoptable.length === 0) page.line('Nothing could be adopted')
  else {
    const rows = adoptable.map(({ place, backend, program, title, directory }) => {
      return [styled('bold', place), backend, program ?? '-', title, directory ?? '-']
    })
    writeTable(page, ['PLACE', 'BACKEND', 'PROGRAM', 'TITLE', 'DIRECTORY'], rows)
    page.note(`  → orch adopt PLACE${socket === undefined ? '' : ` --socket ${oneLine(joinWords([socket]))}`}`)
  }
}

runAsScript(import.meta, command)
