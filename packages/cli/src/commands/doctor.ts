import { type DoctorDocument, doctor } from '@orch/core'
import { type Command, defineCommand } from '../define-command.ts'
import { EXIT } from '../exit-codes.ts'
import { oneLine, type Page, styled } from '../page.ts'
import { runAsScript } from '../run-as-script.ts'

const STYLES = { ok: 'green', warn: 'yellow', fail: 'red' } as const

/** `orch doctor`: exit code 69 when something fails. */
export const command: Command<DoctorDocument> = defineCommand({
  command: 'doctor',
  describe: 'Say what is installed, reachable or misconfigured, and what mends it',
  options: {
    fix: { type: 'boolean', describe: 'Mend what can be mended without losing anything, and say what was done' },
  },
  toleratesConfig: true,
  examples: [
    ['orch doctor', 'exit code 69 when something fails'],
    ['orch doctor --fix', 'mends what is safe to mend: modes, left drafts, a missing .gitignore'],
  ],
  run: async ({ fix }, context) => doctor(await context.orch(), { fix, signal: context.signal }),
  render,
  exitCode: (document) => (document.ok ? EXIT.ok : EXIT.unavailable),
})

function render({ ok, checks, repairs }: DoctorDocument, page: Page): void {
  for (const check of checks) {
    page.line(styled(STYLES[check.result], check.result.padEnd(4)), `  ${oneLine(check.name)}: ${oneLine(check.text)}`)
    if (check.fix !== undefined) page.line(`      → ${oneLine(check.fix)}`)
  }
  for (const { name, text, done, error } of repairs) {
    page.line(done ? styled('green', 'done') : styled('yellow', 'warn'), `  ${oneLine(name)}: ${oneLine(text)}`)
    if (error !== null) page.line(`      it could not be mended: ${oneLine(error)}`)
    else if (!done) page.line('      → orch doctor --fix')
  }
  page.line(ok ? 'Everything needed is there' : styled('red', 'Something needed is missing'))
}

runAsScript(import.meta, command)
