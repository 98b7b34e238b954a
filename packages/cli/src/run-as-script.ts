import type { Arguments, Command } from './define-command.ts'
import type { Io } from './io.ts'
import { isScript } from './is-script.ts'

/** Runs a command file that is the script of this process: `npx tsx src/commands/status.ts`. */
export function runAsScript(meta: ImportMeta, command: Command): void {
  if (!isScript(meta)) return
  void inThisProcess(async (io) => {
    const { runCommand } = await import('./run-command.ts')
    return runCommand(command, process.argv.slice(2), io)
  })
}

/** Runs a command whose arguments a yargs of someone else has parsed. */
export function runParsed(command: Command, args: Arguments): Promise<void> {
  return inThisProcess(async (io) => {
    const { execute } = await import('./run-command.ts')
    return execute(command, args, io)
  })
}

async function inThisProcess(work: (io: Io) => Promise<number>): Promise<void> {
  const [{ guard }, { processIo }] = await Promise.all([import('./guard.ts'), import('./io.ts')])
  const io = processIo()
  process.exitCode = await guard(process.argv.slice(2), io, () => work(io))
}
