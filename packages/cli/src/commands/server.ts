import { type ServerDocument, server } from '@orch/core'
import { type Command, defineCommand } from '../define-command.ts'
import { EXIT } from '../exit-codes.ts'
import { oneLine, type Page, styled } from '../page.ts'
import { writeEvidence } from '../render/agent.ts'
import { runAsScript } from '../run-as-script.ts'

/** The error codes of a server that is proven not to run. */
const OVER: ReadonlySet<string> = new Set(['NO_SERVER', 'SERVER_ENDED', 'SERVER_OVER', 'SERVER_DOWN'])

/** The error codes of a server that was asked in vain. */
const UNANSWERED: ReadonlySet<string> = new Set(['BACKEND_UNREACHABLE', 'TIMEOUT'])

/** `orch server`: exit codes 69 it does not run, 41 it still runs after `stop`. */
export const command: Command<ServerDocument> = defineCommand({
  command: 'server <action>',
  describe: 'Start, stop or look at the server of a backend',
  positionals: {
    action: {
      choices: ['start', 'stop', 'status'],
      demandOption: true,
      describe: 'Starting twice and stopping twice is fine',
    },
  },
  examples: [
    ['orch server status', 'exit code 69 when it does not run'],
    ['orch server stop --backend opencode', 'ends a server that orch started'],
  ],
  run: async (args, context) => server(await context.orch(), args.action, { signal: context.signal }),
  render,
  exitCode: ({ action, server: found }) => {
    if (action === 'stop') return found.ok ? EXIT.stopUnproven : EXIT.ok
    return found.ok ? EXIT.ok : EXIT.unavailable
  },
})

function render({ backend, server: found }: ServerDocument, page: Page): void {
  const facts = [found.version, found.url, found.pid === null ? null : `process ${found.pid}`]
  page.line(
    styled('bold', backend),
    '  ',
    found.ok ? styled('green', 'runs') : styled('yellow', missingState(found)),
    facts.flatMap((fact) => (fact === null ? [] : `  ${oneLine(fact)}`)).join(''),
  )
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
