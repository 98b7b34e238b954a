import { parseDuration, type WaitDocument, type WaitOutcome, wait } from '@orch/core'
import { span } from '../age.ts'
import { AGENTS, agentsOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { WAIT_EXIT_CODES } from '../exit-codes.ts'
import { listOption, NOTIFY_OPTION, notifyWords, statesOf, usageError, wholeNumber } from '../options.ts'
import { type Page, styled } from '../page.ts'
import { writeAgentLine, writeRequest } from '../render/agent.ts'
import { progressOf } from '../render/progress.ts'
import { runAsScript } from '../run-as-script.ts'

const OUTCOMES: Readonly<Record<Exclude<WaitOutcome, 'closed'>, string>> = {
  met: 'Done waiting',
  timeout: 'Time ran out',
  failed: 'An agent failed',
  lost: 'An agent is lost',
  exited: 'An agent ended without being complete',
  waiting: 'An agent needs an answer',
  idle: 'An agent is idle without being complete',
}

/** `orch wait`: the exit code tells how the wait ended. */
export const command: Command<WaitDocument> = defineCommand({
  command: 'wait [agent..]',
  describe: 'Wait until agents are done, or cannot get there by themselves',
  positionals: { agent: AGENTS },
  options: {
    ...SELECTOR_OPTION,
    any: { type: 'boolean', describe: 'One of them is enough' },
    first: { type: 'number', requiresArg: true, describe: 'So many of them are enough' },
    until: listOption('States to wait for (done when left out), for example idle,done'),
    phase: { type: 'string', requiresArg: true, describe: 'A phase to wait for instead' },
    timeout: { type: 'string', requiresArg: true, describe: 'At most so long (30m when left out)' },
    notify: NOTIFY_OPTION,
  },
  examples: [
    ['orch wait fix-login', 'exit codes: 0 done, 23 it needs an answer'],
    ['orch wait -l batch=docs --first 3', 'until three of them are done'],
    ['orch wait a b --any --until idle,done', 'whichever comes first'],
    ['orch wait fix-login --notify "notify-send orch"', 'runs it at each change; it gets the change as JSON'],
    ['orch wait -l team=api', 'all open agents of this project with that label'],
  ],
  run: async (args, context) => {
    const until = statesOf('--until', args.until)
    const notify = notifyWords(args.notify)
    const timeoutMs = args.timeout === undefined ? undefined : parseDuration(args.timeout)
    if (args.any === true && args.first !== undefined)
      throw usageError('Cannot use "--any" together with "--first": each says how many', 'Leave one of them out')
    const orch = await context.orch()
    const ids = await agentsOf(args, context)
    context.spinner.say(`Waiting for ${ids.length === 1 ? ids[0] : `${ids.length} agents`}`)
    return wait(orch, ids, {
      until,
      phase: args.phase,
      mode: args.any === true || args.first !== undefined ? 'any' : 'all',
      first: args.first === undefined ? undefined : wholeNumber('--first', args.first, [1, ids.length]),
      onLook: (agents) => context.spinner.say(progressOf(agents)),
      timeoutMs,
      notify,
      signal: context.signal,
    })
  },
  render,
  exitCode: (document) => WAIT_EXIT_CODES[document.outcome],
})

function render({ outcome, waitedMs, agents }: WaitDocument, page: Page): void {
  const style = outcome === 'met' ? 'green' : 'yellow'
  const text = outcome === 'closed' ? howItClosed(agents) : OUTCOMES[outcome]
  page.line(styled(style, text), ` after ${span(waitedMs)}`)
  for (const { agent } of agents) {
    writeAgentLine(page, agent)
    for (const request of agent.requests) writeRequest(page, agent.id, request)
  }
}

/** An agent that is done does not go on by itself either, though its record is open. */
function howItClosed(agents: WaitDocument['agents']): string {
  const lifecycles = agents.filter(({ met }) => !met).map(({ agent }) => agent.lifecycle)
  if (lifecycles.includes('abandoned')) return 'An agent was abandoned meanwhile'
  return lifecycles.includes('completed') ? 'An agent was completed meanwhile' : 'An agent is done'
}

runAsScript(import.meta, command)
