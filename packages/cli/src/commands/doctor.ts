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
  examples: [['orch doctor', 'exit code 69 when something fails']],
  run: async (_args, context) => doctor(await context.orch(), { signal: context.signal }),
  render,
  exitCode: (document) => (document.ok ? EXIT.ok : EXIT.unavailable),
})

function render({ ok, checks }: DoctorDocument, page: Page): void {
  for (const check of checks) {
    page.line(styled(STYLES[check.result], check.result.padEnd(4)), `  ${oneLine(check.name)}: ${oneLine(check.text)}`)
    if (check.fix !== undefined) page.line(`      → ${oneLine(check.fix)}`)
  }
  page.line(ok ? 'Everything needed is there' : styled('red', 'Something needed is missing'))
}

runAsScript(import.meta, command)
