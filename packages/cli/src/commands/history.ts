import { type HistoryDocument, history, trail } from '@orch/core'
import { agentOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { listOption, statesOf, timeOf, usageError, wholeNumber } from '../options.ts'
import { writeHistory, writeTrail } from '../render/history.ts'
import { runAsScript } from '../run-as-script.ts'

/** Without `-n`, so many of the newest; the document says how many there are. */
const NEWEST = 20

/** `orch history`: exit code 0. */
export const command: Command<HistoryDocument> = defineCommand({
  command: 'history [agent]',
  describe: 'Show agents that were and are: when, how long, what came of them; or all that was done to one',
  positionals: {
    agent: { type: 'string', describe: 'One agent: who did what to it, and when' },
  },
  options: {
    state: listOption('Only agents in these states, for example done,failed'),
    since: { type: 'string', requiresArg: true, describe: 'Only agents that had not ended by then: 7d ago, or a date' },
    until: { type: 'string', requiresArg: true, describe: 'Only agents that were spawned by then' },
    selector: { ...SELECTOR_OPTION.selector, describe: 'Only agents with these labels, k=v, k!=v, k or !k' },
    lines: {
      alias: 'n',
      type: 'number',
      requiresArg: true,
      describe: `Only so many of the newest (${NEWEST} when left out)`,
    },
  },
  examples: [
    ['orch history --since 7d', 'what ran in the last week, and what it cost'],
    ['orch history --state failed,exited -n 5', 'what went wrong last'],
    ['orch history fix-login', 'who did what to it, and when'],
  ],
  run: async (args, context) => {
    const orch = await context.orch()
    const { signal } = context
    const now = Date.now()
    const filters = {
      states: statesOf('--state', args.state),
      since: timeOf('--since', args.since, now),
      until: timeOf('--until', args.until, now),
      selectors: args.selector,
      backend: args.backend,
      last: args.lines === undefined ? undefined : wholeNumber('-n', args.lines, [1, 1_000_000]),
    }
    if (args.agent === undefined)
      return history(orch, { ...filters, last: filters.last ?? NEWEST, allProjects: args.allProjects, signal })
    const given = Object.entries(filters).find(([, value]) => value !== undefined)
    if (given !== undefined)
      throw usageError(
        `Cannot show the history of "${args.agent}": filters choose among all agents`,
        'Leave out the agent, or the filters',
      )
    return trail(orch, await agentOf({ agent: args.agent }, context), { signal })
  },
  render: (document, page) => (document.trail === null ? writeHistory(document, page) : writeTrail(document, page)),
})

runAsScript(import.meta, command)
