import { findProject, type InitDocument, initProject } from '@orch/core'
import { type Command, defineCommand } from '../define-command.ts'
import { oneLine, type Page, type Style, styled } from '../page.ts'
import { runAsScript } from '../run-as-script.ts'

const STYLES: Readonly<Record<InitDocument['files'][number]['result'], Style>> = {
  created: 'green',
  added: 'green',
  renewed: 'green',
  unchanged: 'dim',
  kept: 'yellow',
}

/** `orch init`: run again, it changes nothing. */
export const command: Command<InitDocument> = defineCommand({
  command: 'init',
  describe: 'Make a project ready: a configuration, .gitignore, and a page that tells agents of orch',
  options: { 'dry-run': { type: 'boolean', describe: 'Only say what would be done' } },
  examples: [
    ['orch init', 'adds what is missing; what a person wrote stays as it is'],
    ['orch init --dry-run -C ../shop', 'what it would do in another project'],
  ],
  run: async ({ project, dryRun }, { env }) => initProject({ project: findProject(project).project, env }, { dryRun }),
  render,
})

function render({ dryRun, project, files }: InitDocument, page: Page): void {
  page.line(styled('bold', oneLine(project)))
  for (const { path, result, text } of files)
    page.line('  ', styled(STYLES[result], result.padEnd(10)), `${path}  ${oneLine(text)}`)
  if (dryRun) page.note('orch: Nothing was changed')
  else if (files.some(({ result }) => result === 'created')) page.note('  → orch spawn "what to do"')
}

runAsScript(import.meta, command)
