import { type ServerDocument, type ServerLogLine, server, serverLogs } from '@orch/core'
import { type Command, defineCommand } from '../define-command.ts'
import { EXIT } from '../exit-codes.ts'
import { usageError, wholeNumber } from '../options.ts'
import { oneLine, type Page, styled } from '../page.ts'
import { writeEvidence } from '../render/agent.ts'
import { runAsScript } from '../run-as-script.ts'

/** The error codes of a server that is proven not to run. */
const OVER: ReadonlySet<string> = new Set(['NO_SERVER', 'SERVER_ENDED', 'SERVER_OVER', 'SERVER_DOWN'])

/** The error codes of a server that was asked in vain. */
const UNANSWERED: ReadonlySet<string> = new Set(['BACKEND_UNREACHABLE', 'TIMEOUT'])

/** `orch server`: exit codes 69 it does not run, 41 it still runs after `stop`; `logs` is a stream. */
export const command: Command<ServerDocument | AsyncIterable<ServerLogLine>> = defineCommand({
  command: 'server <action>',
  describe: 'Start, stop or look at the server of a backend',
  positionals: {
    action: {
      choices: ['start', 'stop', 'status', 'logs'],
      demandOption: true,
      describe: 'Starting twice and stopping twice is fine',
    },
  },
  options: {
    lines: {
      alias: 'n',
      type: 'number',
      requiresArg: true,
      describe: 'logs: the last so many lines (20 when left out)',
    },
    follow: { alias: 'f', type: 'boolean', describe: 'logs: go on with what it prints' },
  },
  examples: [
    ['orch server status', 'exit code 69 when it does not run'],
    ['orch server stop --backend opencode', 'ends a server that orch started'],
    ['orch server logs -f', 'what it printed last, then live'],
  ],
  run: async ({ action, lines, follow }, context) => {
    if (action !== 'logs') {
      if (lines !== undefined || follow !== undefined) throw onlyForLogs(action)
      return server(await context.orch(), action, { signal: context.signal })
    }
    const last = lines === undefined ? undefined : wholeNumber('-n', lines, [1, 100_000])
    return serverLogs(await context.orch(), { last, follow, signal: context.signal })
  },
  render: (data, page) => ('type' in data ? page.line(data.text) : writeServer(data, page)),
  exitCode: (data) => {
    if (!('action' in data)) return EXIT.ok
    const { action, server: found } = data
    if (action === 'stop') return found.ok ? EXIT.stopUnproven : EXIT.ok
    return found.ok ? EXIT.ok : EXIT.unavailable
  },
})

function onlyForLogs(action: string): Error {
  return usageError(
    `Cannot run "orch server ${action}": -n and -f are for "logs"`,
    `Use "orch server logs", or leave them out`,
  )
}

function writeServer({ backend, server: found }: ServerDocument, page: Page): void {
  const facts = [found.version, found.url, found.pid === null ? null : `process ${found.pid}`]
  page.line(
    styled('bold', backend),
    '  ',
    found.ok ? styled('green', 'runs') : styled('yellow', missingState(found)),
    facts.flatMap((fact) => (fact === null ? [] : `  ${oneLine(fact)}`)).join(''),
  )
  if (found.startedAt !== undefined) page.line(`  since ${found.startedAt}`)
  if (found.log !== undefined) page.line(`  prints to ${oneLine(found.log)}`)
  if (found.owner === 'configured') page.line('  given by the configuration, not started by orch')
  if (found.error !== null) page.line(`  ${oneLine(found.error.text)}`)
  writeEvidence(page, found.evidence)
}

/** What is known of a server that cannot be used: it may well run and only not answer. */
function missingState({ error, pid, url }: ServerDocument['server']): string {
  if (error !== null && OVER.has(error.code)) return 'does not run'
  const unanswered = error === null ? pid !== null || url !== null : UNANSWERED.has(error.code)
  return unanswered ? 'does not answer' : 'is not known'
}

runAsScript(import.meta, command)
