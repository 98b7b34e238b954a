import { type StatusDocument, status, watchStatus } from '@orch/core'
import { age } from '../age.ts'
import { SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { EXIT, STATE_EXIT_CODES } from '../exit-codes.ts'
import { listOption, NOTIFY_OPTION, notifyWords, statesOf, usageError } from '../options.ts'
import { oneLine, type Page, styled, writeTable } from '../page.ts'
import { stateOf } from '../render/agent.ts'
import { queuedText } from '../render/queue.ts'
import { treeOf } from '../render/tree.ts'
import { USAGE_COLUMNS, usageCells, writeTotals } from '../render/usage.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch status`: exit code 0, with `--exit-code` the worst state. */
export const command: Command<StatusDocument | AsyncIterable<StatusDocument>> = defineCommand({
  command: 'status',
  describe: 'Show the agents of the project, those that need you first',
  options: {
    ...SELECTOR_OPTION,
    tree: { type: 'boolean', describe: 'Each agent below the one that started it' },
    state: listOption('Only agents in these states, for example waiting,failed'),
    ended: { type: 'boolean', describe: 'Also agents that were completed or abandoned' },
    usage: {
      type: 'boolean',
      describe: 'Also the tokens and the cost of each agent, cache reads and writes in one, and their sums',
    },
    watch: { alias: 'w', type: 'boolean', describe: 'Go on, with each change, until it is interrupted' },
    start: {
      type: 'boolean',
      describe: 'Also start agents that need a server or a worktree first, and stay until they are started',
    },
    notify: NOTIFY_OPTION,
    'exit-code': {
      type: 'boolean',
      describe: 'Exit with 20 failed, 21 lost, 22 exited, 23 waiting, 69 partial list',
    },
  },
  examples: [
    ['orch status', 'the agents of this project'],
    ['orch status -l team=api --tree', 'those with that label, each below the one that started it'],
    ['orch status --watch', 'the same, drawn anew with each change'],
    ['orch status --usage --ended', 'what the agents of this project used'],
    ['orch status -A --state waiting --json', 'what waits for you anywhere, as JSON'],
  ],
  run: async (args, context) => {
    const notify = notifyWords(args.notify)
    if (args.watch !== true && notify !== undefined) throw onlyWatching('--notify')
    if (args.watch === true && args.exitCode === true)
      throw usageError('Cannot use "--exit-code" with "--watch": it has no end', 'Leave one of them out')
    if (args.watch === true && args.start === true)
      throw usageError('Cannot use "--start" with "--watch": it has no end', 'Leave one of them out')
    const options = {
      allProjects: args.allProjects,
      states: statesOf('--state', args.state),
      ended: args.ended,
      selectors: args.selector,
      backend: args.backend,
      usage: args.usage,
      start: args.start,
      signal: context.signal,
    }
    const orch = await context.orch()
    if (args.watch !== true) return status(orch, options)
    return watchStatus(orch, { ...options, notify, everyLook: args.json !== true && context.interactive })
  },
  render: (document, page, args) => render(document, page, args),
  redraws: (args) => args.watch === true,
  exitCode: (document, args) => (args.exitCode === true && 'agents' in document ? worst(document) : EXIT.ok),
})

function onlyWatching(option: string): Error {
  return usageError(`Cannot use "${option}": nothing is watched`, `Add "--watch", or leave "${option}" out`)
}

/** What a person is shown beside the agents. */
interface Shown {
  readonly usage?: boolean | undefined
  readonly tree?: boolean | undefined
}

function render(document: StatusDocument, page: Page, args: Shown): void {
  const withUsage = args.usage === true
  const { agents, orphans, project } = document
  if (!document.complete) writePartial(document, page)
  if (agents.length === 0) {
    page.line(project === null ? 'No agents' : `No agents in ${project}`)
    page.note('  → orch spawn "what to do"')
  } else {
    const branches = args.tree ? treeOf(agents) : agents.map((agent) => ({ agent, prefix: '' }))
    writeTable(
      page,
      ['AGENT', 'STATE', 'PHASE', 'BACKEND', 'SINCE', 'AGE', ...(withUsage ? USAGE_COLUMNS : []), 'WHY'],
      branches.map(({ agent, prefix }) => [
        styled('bold', `${prefix}${agent.id}`),
        stateOf(agent),
        agent.phase?.name ?? '-',
        agent.backend,
        age(agent.since, page.now),
        age(agent.spawnedAt, page.now),
        ...(withUsage ? usageCells(agent.usage) : []),
        `${agent.reason.text}${queuedText(agent.queued)}`,
      ]),
    )
  }
  if (withUsage) writeTotals(document, page)
  const interrupted = agents.filter(({ state, reason }) => state === 'idle' && reason.code === 'INTERRUPTED')
  if (interrupted.length > 0) page.note(`  → orch resume ${interrupted.map(({ id }) => id).join(' ')}`)
  for (const orphan of orphans)
    page.line(styled('yellow', `${orphan.id} has no record: ${orphan.backend}, ${orphan.detail}`))
}

function writePartial(document: StatusDocument, page: Page): void {
  const partial = document.backends.filter(({ complete }) => !complete)
  const why = partial.length > 0 ? 'not everything could be looked at' : 'a record cannot be read'
  page.line(styled('yellow', `This list is partial: ${why}`))
  for (const { name, error } of partial)
    if (error !== null) page.line(styled('yellow', `  ${name}: ${oneLine(error.text)}`))
}

function worst(document: StatusDocument): number {
  const codes = document.agents.map((agent) => STATE_EXIT_CODES[agent.state] ?? EXIT.ok)
  const bad = codes.filter((code) => code !== EXIT.ok)
  if (bad.length > 0) return Math.min(...bad)
  return document.complete ? EXIT.ok : EXIT.unavailable
}

runAsScript(import.meta, command)
