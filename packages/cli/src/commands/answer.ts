import { type AnswerDocument, answer } from '@orch/core'
import { AGENT, agentOf, SELECTOR_OPTION, withSelected } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { DELIVERY_EXIT_CODES, EXIT } from '../exit-codes.ts'
import { FILE_OPTION, usageError } from '../options.ts'
import { oneLine, type Page, styled } from '../page.ts'
import { writeRequest } from '../render/agent.ts'
import { writeReceipt } from '../render/receipt.ts'
import { runAsScript } from '../run-as-script.ts'

const CHOICES = ['allow', 'always', 'deny'] as const

/** `orch answer`: exit codes 0 answered or listed, 30 and 31 as with `send`, 32 already answered or gone. */
export const command: Command<AnswerDocument> = defineCommand({
  command: 'answer [agent] [text]',
  describe: 'List what an agent waits on, or answer it',
  positionals: {
    agent: AGENT,
    text: { type: 'string', describe: 'The answer to a question, in quotes; - reads it from stdin' },
  },
  options: {
    ...SELECTOR_OPTION,
    allow: { type: 'boolean', describe: 'Allow it once' },
    always: { type: 'boolean', describe: 'Allow it and what is like it; the list says how far' },
    deny: { type: 'boolean', describe: 'Refuse it' },
    request: { type: 'string', requiresArg: true, describe: 'Which one, when several are open' },
    file: FILE_OPTION,
  },
  takesRest: true,
  examples: [
    ['orch answer fix-login', 'lists what is open'],
    ['orch answer fix-login --allow', 'allows the one thing it asks for'],
    ['orch answer fix-login "PostgreSQL"', 'answers its question'],
  ],
  run: async (given, context) => {
    const args = withSelected(given)
    const chosen = CHOICES.filter((choice) => args[choice] === true)
    const source = { argument: args.text, rest: args.rest, file: args.file }
    const hasText = args.text !== undefined || args.rest.length > 0 || args.file !== undefined
    if (chosen.length + (hasText ? 1 : 0) > 1)
      throw usageError(
        'Cannot answer: more than one answer is given',
        'Give one of --allow, --always, --deny or a text',
      )
    const text = hasText ? await context.text('answer', source) : undefined
    const orch = await context.orch()
    return answer(orch, await agentOf(args, context), {
      choice: chosen[0],
      text,
      requestId: args.request,
      signal: context.signal,
    })
  },
  render,
  exitCode: ({ result, receipt }) => {
    if (receipt !== null) return DELIVERY_EXIT_CODES[receipt.delivery]
    return result === 'already' || result === 'gone' ? EXIT.alreadyAnswered : EXIT.ok
  },
})

function render(document: AnswerDocument, page: Page): void {
  const { agent, request, requests, reply, result, receipt } = document
  if (result === 'listed') {
    if (receipt !== null) writeReceipt(page, agent, receipt)
    for (const open of requests) writeRequest(page, agent, open)
    if (requests.length === 0) page.line(`${agent} waits on nothing`)
    return
  }
  const what = oneLine(request?.text ?? agent)
  if (result === 'answered') {
    page.line(styled('green', 'Answered'), `  ${what}`)
    const chosen = request?.choices.find(({ id }) => id === reply.choice)
    if (chosen !== undefined) page.line(`  ${oneLine(chosen.label)}`)
  } else page.line(styled('yellow', result === 'already' ? 'Already answered' : 'Gone'), `  ${what}`)
  if (receipt !== null) writeReceipt(page, agent, receipt)
  for (const open of requests) if (open.id !== request?.id) writeRequest(page, agent, open)
}

runAsScript(import.meta, command)
