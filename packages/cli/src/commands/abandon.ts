import { type AbandonDocument, abandon } from '@orch/core'
import { AGENTS, agentsOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { batchExitCode } from '../exit-codes.ts'
import { type Page, styled } from '../page.ts'
import { writeStop } from '../render/stop.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch abandon`: exit codes 41 an end is not proven, 45 some of several failed. */
export const command: Command<AbandonDocument> = defineCommand({
  command: 'abandon [agent..]',
  describe: 'End agents without verification; their work stays on disk',
  positionals: { agent: AGENTS },
  options: {
    ...SELECTOR_OPTION,
    reason: {
      type: 'string',
      requiresArg: true,
      describe: 'Why, in one line: kept with the agent, shown by "orch history"',
    },
  },
  toleratesConfig: true,
  examples: [
    ['orch abandon fix-login-7k3q', 'without a terminal the full id is needed'],
    ['orch abandon fix-login-7k3q --reason "done by hand"', 'says why'],
  ],
  run: async (args, context) => {
    const orch = await context.orch()
    const ids = await agentsOf(args, context, { exact: true })
    return abandon(orch, ids, { reason: args.reason, signal: context.signal })
  },
  render,
  exitCode: (document) => batchExitCode(document.results),
})

function render({ results }: AbandonDocument, page: Page): void {
  for (const result of results) {
    page.line(
      styled('bold', result.id),
      '  ',
      result.ok ? styled('green', 'abandoned') : styled('red', 'not abandoned'),
    )
    writeStop(page, result)
  }
}

runAsScript(import.meta, command)
