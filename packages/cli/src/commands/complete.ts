import { type CompleteDocument, complete } from '@orch/core'
import { AGENTS, agentsOf, SELECTOR_OPTION } from '../agents.ts'
import { DELIVER_OPTIONS, deliverOption } from '../complete/deliver.ts'
import { VERIFICATION_OPTIONS, verificationOptions } from '../complete/verification.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { batchExitCode } from '../exit-codes.ts'
import { writeComplete } from '../render/complete.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch complete`: exit codes 40 a check failed, 41 an end is not proven, 45 some of several failed. */
export const command: Command<CompleteDocument> = defineCommand({
  command: 'complete [agent..]',
  describe: 'Verify the work of agents, then end them and close their records',
  positionals: { agent: AGENTS },
  options: {
    ...SELECTOR_OPTION,
    force: { type: 'boolean', describe: 'In spite of failed checks; they are recorded' },
    'dry-run': { type: 'boolean', describe: 'Only verify, the command included' },
    ...VERIFICATION_OPTIONS,
    ...DELIVER_OPTIONS,
  },
  examples: [
    ['orch complete fix-login-7k3q', 'exit codes: 40 a check failed, 41 its end is not proven'],
    ['orch complete fix-login-7k3q --merge', 'also merges what it did in its worktree'],
    ['orch complete fix-login --dry-run', 'how each check stands; ends nothing'],
    ['orch complete fix-login --verify "npm test" --verify-timeout 5m', 'the command has to pass as well'],
  ],
  run: async (args, context) => {
    const verification = verificationOptions(args)
    const orch = await context.orch()
    const ids = await agentsOf(args, context, { exact: args.dryRun !== true })
    context.spinner.say(`Verifying ${ids.length === 1 ? ids[0] : `${ids.length} agents`}`)
    const { force, dryRun } = args
    const deliver = deliverOption(args)
    return complete(orch, ids, { ...verification, deliver, force, dryRun, signal: context.signal })
  },
  render: (document, page) => writeComplete(page, document),
  exitCode: (document) => batchExitCode(document.results),
})

runAsScript(import.meta, command)
