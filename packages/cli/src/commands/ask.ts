import { type AskDocument, type Asked, ask, parseDuration } from '@orch/core'
import { type Command, defineCommand } from '../define-command.ts'
import { EXIT } from '../exit-codes.ts'
import { FILE_OPTION, usageError } from '../options.ts'
import type { Page } from '../page.ts'
import { runAsScript } from '../run-as-script.ts'

/** The one document of `ask`, as a stream: what follows it is done once it is printed. */
interface AskStream extends AsyncIterable<AskDocument> {
  readonly via: AskDocument['via']
}

/** `orch ask`: stdout is the answer; exit codes 32 it was sent as a message, 124 nobody answered in time. */
export const command: Command<AskStream> = defineCommand({
  command: 'ask [question]',
  describe: 'Ask the owner of an agent and wait for the answer; agents call this themselves',
  positionals: { question: { type: 'string', describe: 'The question, in quotes; - reads it from stdin' } },
  options: {
    file: FILE_OPTION,
    id: {
      type: 'string',
      requiresArg: true,
      describe: 'The full id of the agent; the variable ORCH_AGENT_ID when left out',
    },
    timeout: { type: 'string', requiresArg: true, describe: 'At most so long (30m when left out)' },
  },
  takesRest: true,
  toleratesConfig: true,
  examples: [
    ['orch ask "Which database?" --id fix-login-7k3q', 'prints the answer that "orch answer" gives'],
    ['orch ask "Which database?" --timeout 90s', 'exit code 124; run again it waits for the same answer'],
  ],
  run: async (args, context) => {
    const id = args.id ?? context.env.ORCH_AGENT_ID
    if (id === undefined || id === '')
      throw usageError('Cannot ask: no agent is named', 'Add "--id ID", or set ORCH_AGENT_ID')
    const timeoutMs = args.timeout === undefined ? undefined : parseDuration(args.timeout)
    const question = await context.text('question', { argument: args.question, rest: args.rest, file: args.file })
    context.spinner.say('Waiting for the answer')
    const asked = await ask(await context.orch(), { id, question, timeoutMs, signal: context.signal })
    return { via: asked.document.via, [Symbol.asyncIterator]: () => printThenReceive(asked) }
  },
  render,
  exitCode: ({ via }) => (via === 'ask' ? EXIT.ok : EXIT.alreadyAnswered),
})

async function* printThenReceive({ document, received }: Asked): AsyncGenerator<AskDocument> {
  yield document
  received()
}

function render({ answer, agent }: AskDocument, page: Page): void {
  if (answer === null) page.note(`orch: The answer was sent to ${agent} as a message: end your turn to read it`)
  else page.line(answer)
}

runAsScript(import.meta, command)
