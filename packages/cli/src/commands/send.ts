import { type SendDocument, send } from '@orch/core'
import { AGENT, agentOf, SELECTOR_OPTION, withSelected } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { messageExitCode } from '../exit-codes.ts'
import { ATTACH_OPTION, attached, FILE_OPTION, TURN_OPTIONS, turnOptions } from '../options.ts'
import type { Page } from '../page.ts'
import { noteReceipt, writeReceipt } from '../render/receipt.ts'
import { writeTurnEnd } from '../render/turn-end.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch send`: exit codes 0 delivered, 30 refused, 31 not confirmed; with `--wait`, how the turn ended. */
export const command: Command<SendDocument> = defineCommand({
  command: 'send [agent] [text]',
  describe: 'Send a message to an agent and say how sure its delivery is',
  positionals: {
    agent: AGENT,
    text: { type: 'string', describe: 'The message, in quotes; - reads it from stdin' },
  },
  options: {
    ...SELECTOR_OPTION,
    file: FILE_OPTION,
    attach: ATTACH_OPTION,
    when: {
      type: 'string',
      choices: ['idle'],
      requiresArg: true,
      describe: 'idle: once no turn runs; kept for the orch command that sees that, such as wait or status',
    },
    force: { type: 'boolean', describe: 'Send even while the agent waits on a request or is being ended' },
    ...TURN_OPTIONS,
  },
  takesRest: true,
  examples: [
    ['orch send fix-login "Use OAuth"', 'exit code 0 delivered, 30 refused, 31 not confirmed'],
    ['orch send @last "Now the docs" --when idle', 'some orch command must look: orch wait @last'],
    ['orch send @last "See" --attach shot.png', 'with an image'],
    ['git diff | orch send @last -', 'the message from stdin'],
    ['orch send @last "Is it done?" --wait', 'prints exactly the final answer; exit codes as of wait'],
  ],
  run: async (given, context) => {
    const args = withSelected(given)
    const turn = turnOptions(args)
    const text = await context.text('message', {
      argument: args.text,
      rest: args.rest,
      file: args.file,
    })
    const orch = await context.orch()
    const id = await agentOf(args, context)
    return send(orch, id, text, {
      force: args.force,
      when: args.when,
      attach: attached(args),
      ...turn,
      signal: context.signal,
    })
  },
  render,
  exitCode: (document) => messageExitCode(document.receipt, document),
})

function render(document: SendDocument, page: Page, args: { readonly wait?: boolean | undefined }): void {
  const { agent, receipt } = document
  if (args.wait !== true) writeReceipt(page, agent, receipt)
  else if (document.answer === null) noteReceipt(page, agent, receipt)
  writeTurnEnd(page, agent, document)
}

runAsScript(import.meta, command)
