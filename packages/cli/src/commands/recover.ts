import { type RecoverDocument, recoverAll } from '@orch/core'
import { type Command, defineCommand } from '../define-command.ts'
import { EXIT } from '../exit-codes.ts'
import { oneLine, type Page, styled } from '../page.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch recover`: exit code 65 when a record cannot be read or trusted, 69 when some other part could not be looked at. */
export const command: Command<RecoverDocument> = defineCommand({
  command: 'recover',
  describe: 'Say what a crash or a restart left undone, and go on with it',
  options: {
    'dry-run': { type: 'boolean', describe: 'Only look' },
  },
  examples: [
    ['orch recover --dry-run', 'what was found, and what would be done'],
    ['orch recover --all-projects', 'after a reboot'],
  ],
  run: async ({ allProjects, dryRun }, context) =>
    recoverAll(await context.orch(), { allProjects, dryRun, signal: context.signal }),
  render,
  exitCode: ({ complete, findings }) => {
    if (findings.some(({ kind }) => kind === 'record')) return EXIT.corrupt
    return complete ? EXIT.ok : EXIT.unavailable
  },
})

function render({ agents, backends, complete, dryRun, findings }: RecoverDocument, page: Page): void {
  if (!complete) page.line(styled('yellow', 'Not everything could be looked at'))
  for (const { name, error } of backends.filter((one) => !one.complete))
    if (error !== null) page.line(styled('yellow', `  ${name}: ${oneLine(error.text)}`))
  for (const { id, kind, text, action, done, next } of findings) {
    page.line(styled('bold', id ?? kind), `  ${oneLine(text)}`)
    const became = dryRun ? 'would ' : done ? 'done: ' : ''
    if (action !== null) page.line(styled(done ? 'green' : 'dim', `  ${became}${oneLine(action)}`))
    if (next !== null) page.line(styled('dim', `  → ${next}`))
  }
  const looked = agents === 1 ? '1 open agent' : `${agents} open agents`
  if (findings.length === 0) page.line(`Nothing to recover: looked at ${looked}`)
}

runAsScript(import.meta, command)
