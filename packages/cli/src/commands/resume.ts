import { type ResumeDocument, resume } from '@orch/core'
import { AGENTS, agentsOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { batchExitCode } from '../exit-codes.ts'
import { oneLine, type Page, styled } from '../page.ts'
import { writeReceipt } from '../render/receipt.ts'
import { writeStop } from '../render/stop.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch resume`: exit codes 30 nothing to resume, 31 not confirmed, 45 some of several failed. */
export const command: Command<ResumeDocument> = defineCommand({
  command: 'resume [agent..]',
  describe: 'Have agents go on that stopped before they were done; start their program again if it ended',
  positionals: { agent: AGENTS },
  options: {
    ...SELECTOR_OPTION,
    message: {
      alias: 'm',
      type: 'string',
      requiresArg: true,
      describe: 'What they are told (to go on where they stopped, when left out)',
    },
    'dry-run': { type: 'boolean', describe: 'Only look' },
  },
  examples: [
    ['orch resume fix-login', 'goes on in the same conversation; exit code 30 when its turn runs'],
    ['orch resume fix-login -m "The disk has room again: go on"', 'says why'],
  ],
  run: async (args, context) => {
    const orch = await context.orch()
    const ids = await agentsOf(args, context)
    return resume(orch, ids, { message: args.message, dryRun: args.dryRun, signal: context.signal })
  },
  render,
  exitCode: (document) => batchExitCode(document.results),
})

function render({ results }: ResumeDocument, page: Page): void {
  for (const { id, stopped, restarted, receipt, error } of results) {
    if (receipt !== null) writeReceipt(page, id, receipt)
    else if (stopped !== null && error === null)
      page.line(styled('bold', id), restarted ? '  can be resumed; its program is started again' : '  can be resumed')
    else page.line(styled('bold', id), '  ', styled('red', 'not resumed'))
    if (stopped !== null) page.line(`  it had stopped: ${oneLine(stopped.text)}`)
    if (restarted && (receipt !== null || error !== null)) page.line('  its program was started again')
    writeStop(page, { stop: null, error })
  }
}

runAsScript(import.meta, command)
