import { joinWords, type SpawnPreview, type SpawnPreviewDocument, type SpawnPreviewEachDocument } from '@orch/core'
import { usageError } from '../options.ts'
import { oneLine, type Page, styled } from '../page.ts'
import { permissionText } from '../permission.ts'

/** The option of `spawn` that makes nothing. */
export const PREVIEW_OPTIONS = {
  'dry-run': { type: 'boolean', describe: 'Show what would be made, its whole context included, and make nothing' },
} as const

/**
 * Whether nothing is to be made.
 * @throws OrchError `USAGE` when that is to be waited for
 */
export function isPreview(args: {
  readonly dryRun?: boolean | undefined
  readonly wait?: boolean | undefined
}): boolean {
  if (args.dryRun === true && args.wait === true)
    throw usageError('Cannot use "--wait": "--dry-run" makes nothing to wait for', 'Leave one of them out')
  return args.dryRun === true
}

/** What would be made, then the whole context; of several tasks only JSON has that. */
export function writePreview(page: Page, document: SpawnPreviewDocument | SpawnPreviewEachDocument): void {
  if ('results' in document) {
    for (const preview of document.results) {
      page.line(styled('bold', oneLine(preview.place)))
      writeFields(page, preview)
    }
    page.note('  → --json shows what each is told')
    return
  }
  writeFields(page, document)
  page.line(styled('dim', 'is told:'))
  for (const line of document.context.trimEnd().split('\n')) page.line(line)
}

function writeFields(page: Page, { agent, holder, start, attachments }: SpawnPreview): void {
  if (holder !== null) page.line(`Nothing would be made: ${holder} has the key "${oneLine(agent.key ?? '')}"`)
  const fields: readonly (readonly [string, string | null])[] = [
    ['id', `${agent.id} (its last four characters are an example)`],
    ['backend', [agent.backend, agent.program, agent.model, agent.mode].filter(Boolean).join(', ')],
    ['permission', permissionText(agent)],
    ['directory', agent.directory],
    ['branch', agent.branch],
    ['workspace', agent.workspace],
    ['parent', agent.parent],
    ['skill', agent.skill],
    ['makes', agent.deliverables.join(', ') || null],
    ['verified', agent.verify && `by ${joinWords(agent.verify)}`],
    ['attached', attachments.map(({ path }) => path).join(', ') || null],
    ['waits', start && waitsFor(start)],
  ]
  for (const [name, value] of fields) if (value !== null) page.line(styled('dim', name.padEnd(11)), oneLine(value))
}

function waitsFor({ maxParallel, after }: NonNullable<SpawnPreview['start']>): string {
  const place = maxParallel === null ? [] : [`one of ${maxParallel} places`]
  return [...place, ...after.map(({ agent, state }) => `${agent} is ${state}`)].join(', ')
}
