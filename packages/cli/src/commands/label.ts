import { type LabelDocument, label, parseLabels } from '@orch/core'
import { AGENT, agentOf, agentsOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { batchExitCode } from '../exit-codes.ts'
import { type Page, styled } from '../page.ts'
import { writeStop } from '../render/stop.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch label`: exit code 45 some of several failed. */
export const command: Command<LabelDocument> = defineCommand({
  command: 'label [agent] [change..]',
  describe: 'Show or change the labels that agents are selected by',
  positionals: {
    agent: AGENT,
    change: { type: 'string', array: true, describe: 'key=value sets a label, key- takes it away' },
  },
  options: { ...SELECTOR_OPTION },
  examples: [
    ['orch label fix-login team=api urgent-', 'sets one label and takes another away'],
    ['orch label -l team=api sprint=12', 'labels all open agents of this project that have a label'],
  ],
  run: async (args, context) => {
    const { agent, change = [], selector } = args
    const words = selector === undefined || agent === undefined ? change : [agent, ...change]
    const changes = parseLabels(words, { removable: true })
    const ids =
      selector === undefined ? [await agentOf(args, context)] : await agentsOf({ ...args, agent: [] }, context)
    return label(await context.orch(), ids, changes)
  },
  render,
  exitCode: (document) => batchExitCode(document.results),
})

function render({ results }: LabelDocument, page: Page): void {
  for (const { id, labels, error } of results) {
    const words = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
    page.line(styled('bold', id), '  ', error === null ? words.join(' ') || 'no labels' : styled('red', 'not labelled'))
    writeStop(page, { stop: null, error })
  }
}

runAsScript(import.meta, command)
