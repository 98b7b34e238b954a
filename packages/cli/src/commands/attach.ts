import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { attach, type Doc, OrchError, type Viewer } from '@orch/core'
import { AGENT, agentOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { usageError } from '../options.ts'
import { runAsScript } from '../run-as-script.ts'

/** What is left to say after a person has looked. */
interface AttachDocument extends Doc {
  readonly agent: string
  /** How the viewer ended: its code, or `null` when a signal ended it. */
  readonly code: number | null
}

/** `orch attach`: takes the terminal until the viewer is closed; exit code as the viewer's. */
export const command: Command<AttachDocument> = defineCommand({
  command: 'attach [agent]',
  describe: 'Show an agent in its own viewer, to look and to type',
  positionals: { agent: AGENT },
  options: { ...SELECTOR_OPTION, 'read-only': { type: 'boolean', describe: 'Look without typing' } },
  examples: [
    ['orch attach fix-login', 'closing it leaves the agent as it is'],
    ['orch attach fix-login --read-only', 'to look over its shoulder'],
  ],
  run: async (args, context) => {
    if (!context.interactive)
      throw usageError(
        'Cannot attach: stdin and stdout are not both a terminal',
        'Follow the agent with "orch tail -f"',
      )
    const orch = await context.orch()
    const agent = await agentOf(args, context)
    const viewer = await attach(orch, agent, { signal: context.signal, readOnly: args.readOnly === true })
    return { apiVersion: 1, warnings: [], agent, code: await run(viewer, context.env) }
  },
  render: () => {},
  exitCode: ({ code }) => code ?? 1,
})

/** Runs the viewer on this terminal, to its end. */
async function run({ command, args, env, directory }: Viewer, own: NodeJS.ProcessEnv): Promise<number | null> {
  const child = spawn(command, args, { cwd: directory, env: { ...own, ...env }, stdio: 'inherit' })
  try {
    const [code] = await once(child, 'exit')
    return code as number | null
  } catch (cause) {
    throw new OrchError('PROGRAM_MISSING', `Cannot run the viewer "${command}": ${(cause as Error).message}`, {
      hint: 'Run "orch doctor"',
      cause,
    })
  }
}

runAsScript(import.meta, command)
