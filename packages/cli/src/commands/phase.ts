import { findProject, type PhaseDocument, reportPhase } from '@orch/core'
import { type Command, defineCommand } from '../define-command.ts'
import { usageError } from '../options.ts'
import type { Page } from '../page.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch phase`: needs neither records nor configuration; agents wait for it. */
export const command: Command<PhaseDocument> = defineCommand({
  command: 'phase <name>',
  describe: 'Report the progress of an agent; agents call this themselves',
  positionals: {
    name: { type: 'string', demandOption: true, describe: 'Planning, Testing, Complete, any words' },
  },
  options: {
    note: { type: 'string', requiresArg: true, describe: 'One sentence more' },
    id: {
      type: 'string',
      requiresArg: true,
      describe: 'The full id of the agent; the variable ORCH_AGENT_ID when left out',
    },
  },
  examples: [
    ['orch phase Testing --id fix-login-7k3q', 'sets the phase'],
    ['orch phase Complete --note "All tests pass"', 'the task is done'],
  ],
  run: async (args, context) => {
    const id = args.id ?? context.env.ORCH_AGENT_ID
    if (id === undefined || id === '')
      throw usageError('Cannot report a phase: no agent is named', 'Add "--id ID", or set ORCH_AGENT_ID')
    return reportPhase({ ...findProject(args.project), env: context.env }, { id, phase: args.name, note: args.note })
  },
  render,
})

function render(document: PhaseDocument, page: Page): void {
  const { name, note } = document.phase
  page.line(`${document.agent}: ${name}${note === null ? '' : ` - ${note}`}`)
}

runAsScript(import.meta, command)
