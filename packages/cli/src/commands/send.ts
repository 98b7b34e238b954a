import { resolveAgent, type SendDocument, send } from '@orch/core'
import { type Command, defineCommand } from '../define-command.ts'
import { DELIVERY_EXIT_CODES } from '../exit-codes.ts'
import { AGENT, FILE_OPTION } from '../options.ts'
import type { Page } from '../page.ts'
import { writeReceipt } from '../render/receipt.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch send`: exit codes 0 delivered, 30 refused, 31 not confirmed. */
export const command: Command<SendDocument> = defineCommand({
  command: 'send <agent> [text]',
  describe: 'Send a message to an agent and say how sure its delivery is',
  positionals: {
    agent: AGENT,
    text: { type: 'string', describe: 'The message, in quotes; - reads it from stdin' },
  },
  options: {
    file: FILE_OPTION,
    force: { type: 'boolean', describe: 'Send even while the agent waits on a request or is being ended' },
  },
  takesRest: true,
  examples: [
    ['orch send fix-login "Use OAuth"', 'exit code 0 delivered, 30 refused, 31 not confirmed'],
    ['git diff | orch send @last -', 'the message from stdin'],
  ],
  run: async (args, context) => {
    const text = await context.text('message', {
      argument: args.text,
      rest: args.rest,
      file: args.file,
    })
    const orch = await context.orch()
    const id = await resolveAgent(orch, args.agent)
    return send(orch, id, text, { force: args.force, signal: context.signal })
  },
  render,
  exitCode: (document) => DELIVERY_EXIT_CODES[document.receipt.delivery],
})

function render({ agent, receipt, answer }: SendDocument, page: Page): void {
  writeReceipt(page, agent, receipt)
  if (answer !== null) page.line(answer.text)
}

runAsScript(import.meta, command)
