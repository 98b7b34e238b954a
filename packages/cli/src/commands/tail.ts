import { type TailLine, tail } from '@orch/core'
import { AGENT, agentOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { usageError, wholeNumber } from '../options.ts'
import { writeTailLine } from '../render/tail-line.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch tail`: a stream, the newest items or lines and then, with `-f`, what comes. */
export const command: Command<AsyncIterable<TailLine>> = defineCommand({
  command: 'tail [agent]',
  describe: 'Show the newest output of an agent, or follow it',
  positionals: { agent: AGENT },
  options: {
    ...SELECTOR_OPTION,
    lines: {
      alias: 'n',
      type: 'number',
      requiresArg: true,
      describe: 'Exactly so many lines or items (20 when left out)',
    },
    follow: { alias: 'f', type: 'boolean', describe: 'Go on with what comes, until its end' },
    since: {
      type: 'string',
      requiresArg: true,
      describe: 'Exactly what came after the line of --json with this cursor',
    },
    reasoning: { type: 'boolean', describe: 'Also what the model thought, in the JSON too' },
    screen: {
      type: 'boolean',
      describe: 'Instead what a person would see in its window now, in colours on a terminal',
    },
    raw: { type: 'boolean', describe: 'Leave terminal control sequences in' },
  },
  examples: [
    ['orch tail fix-login', 'the last 20 lines or items'],
    ['orch tail -f -n 1 @last', 'the newest one, then live'],
    ['orch tail -f --json fix-login', 'one JSON value per line'],
    ['orch tail --screen fix-login', 'what its window shows, for an agent in tmux'],
    ['orch tail --json --since CURSOR fix-login', 'what came after the line with that cursor'],
  ],
  run: async (args, context) => {
    if (args.lines !== undefined && args.since !== undefined) throw both()
    const last = args.lines === undefined ? undefined : wholeNumber('-n', args.lines, [1, 100_000])
    const orch = await context.orch()
    const id = await agentOf(args, context)
    const { since, reasoning, follow, raw, screen } = args
    const colors = context.colors && !args.json
    return tail(orch, id, { last, since, reasoning, follow, raw, screen, colors, signal: context.signal })
  },
  render: (line, page, args) => writeTailLine(page, line, args.raw === true || args.screen === true),
})

function both(): Error {
  return usageError('Cannot use "-n" together with "--since": each says where to begin', 'Leave one of them out')
}

runAsScript(import.meta, command)
