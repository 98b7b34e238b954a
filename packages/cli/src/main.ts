import type { Command } from './define-command.ts'
import { guard } from './guard.ts'
import { type Io, processIo } from './io.ts'
import { isScript } from './is-script.ts'
import { jsonLine, print } from './output.ts'

export { processIo }

/** Runs one command line and returns its exit code; never throws. */
export function main(argv: readonly string[], io: Io): Promise<number> {
  return guard(argv, io, () => dispatch(argv, io))
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const { verb, rest } = splitVerb(argv)
  if (verb === undefined && rest.some((word) => word === '--version' || word === '-v')) {
    const { version } = await import('./version.ts')
    const document = { apiVersion: 1, warnings: [], version: version() }
    await print(io.stdout, rest.includes('--json') ? jsonLine(document) : `${document.version}\n`)
    return 0
  }
  const command = await load(verb)
  const { runCommand } = await import('./run-command.ts')
  const wantsHelp = verb === undefined
  return runCommand(command, wantsHelp ? rest.filter((word) => word !== '--help' && word !== '-h') : rest, io)
}

async function load(verb: string | undefined): Promise<Command> {
  if (verb === undefined || verb === 'help') return (await import('./commands/help.ts')).command
  if (verb === 'completion') return (await import('./commands/completion.ts')).command
  const { findCommand } = await import('./commands.ts')
  return (await (await findCommand(verb)).load()).command
}

/** The first word that is neither an option nor the value of one that may stand before the verb. */
function splitVerb(argv: readonly string[]): { readonly verb: string | undefined; readonly rest: readonly string[] } {
  const takesValue = new Set(['-C', '--project', '--backend', '--request-timeout'])
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (takesValue.has(word)) at++
    else if (word === '--') break
    else if (word === '-' || !word.startsWith('-')) return { verb: word, rest: argv.toSpliced(at, 1) }
  }
  return { verb: undefined, rest: argv }
}

if (isScript(import.meta)) {
  void main(process.argv.slice(2), processIo()).then((code) => {
    process.exitCode = code
  })
}
