import { type CompleteDocument, complete } from '@orch/core'
import { AGENTS, agentsOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { batchExitCode } from '../exit-codes.ts'
import { oneLine, type Page, type Style, styled } from '../page.ts'
import { writeStop } from '../render/stop.ts'
import { runAsScript } from '../run-as-script.ts'

const STYLES: Readonly<Record<string, Style>> = {
  pass: 'green',
  fail: 'red',
  skip: 'dim',
  overridden: 'yellow',
}

/** `orch complete`: exit codes 40 a check failed, 41 an end is not proven, 45 some of several failed. */
export const command: Command<CompleteDocument> = defineCommand({
  command: 'complete [agent..]',
  describe: 'Verify the work of agents, then end them and close their records',
  positionals: { agent: AGENTS },
  options: {
    ...SELECTOR_OPTION,
    force: { type: 'boolean', describe: 'In spite of failed checks; they are recorded' },
    'dry-run': { type: 'boolean', describe: 'Only look' },
  },
  examples: [
    ['orch complete fix-login-7k3q', 'exit codes: 40 a check failed, 41 its end is not proven'],
    ['orch complete fix-login --dry-run', 'what would be checked, and how it stands'],
  ],
  run: async (args, context) => {
    const orch = await context.orch()
    const ids = await agentsOf(args, context, { exact: args.dryRun !== true })
    context.spinner.say(`Verifying ${ids.length === 1 ? ids[0] : `${ids.length} agents`}`)
    return complete(orch, ids, { force: args.force, dryRun: args.dryRun, signal: context.signal })
  },
  render,
  exitCode: (document) => batchExitCode(document.results),
})

function render({ dryRun, results }: CompleteDocument, page: Page): void {
  for (const result of results) {
    const done = dryRun ? 'can be completed' : 'completed'
    const open = dryRun ? 'cannot be completed' : 'not completed'
    page.line(styled('bold', result.id), '  ', result.ok ? styled('green', done) : styled('red', open))
    for (const check of result.checks)
      page.line('  ', styled(STYLES[check.result] ?? 'dim', check.result.padEnd(10)), ` ${check.name}: ${check.text}`)
    const hint = result.checks.find((check) => check.result === 'fail')?.hint
    if (hint !== undefined) page.line(`  → ${oneLine(hint)}`)
    writeStop(page, result)
  }
  if (!dryRun && results.some(({ checks }) => checks.some(({ result }) => result === 'fail')))
    page.note('  → Mend what failed, or use "orch complete --force"')
}

runAsScript(import.meta, command)
