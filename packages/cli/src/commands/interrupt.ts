import { type InterruptDocument, interrupt } from '@orch/core'
import { AGENT, agentOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { type Page, styled } from '../page.ts'
import { writeAgentLine, writeEvidence } from '../render/agent.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch interrupt`: exit code 0 whether or not a turn was running. */
export const command: Command<InterruptDocument> = defineCommand({
  command: 'interrupt [agent]',
  describe: 'End the running turn of an agent and keep the agent',
  positionals: { agent: AGENT },
  options: { ...SELECTOR_OPTION },
  toleratesConfig: true,
  examples: [['orch interrupt fix-login', 'then send it something else']],
  run: async (args, context) => {
    const orch = await context.orch()
    return interrupt(orch, await agentOf(args, context), { signal: context.signal })
  },
  render,
})

function render({ agent, interrupted, evidence }: InterruptDocument, page: Page): void {
  page.line(interrupted ? styled('green', 'Interrupted') : 'No turn was running')
  writeEvidence(page, evidence)
  writeAgentLine(page, agent)
}

runAsScript(import.meta, command)
