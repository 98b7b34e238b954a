import { type CleanDocument, clean, parseAge } from '@orch/core'
import { AGENTS, agentsOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { batchExitCode } from '../exit-codes.ts'
import { counted, oneLine, type Page, styled } from '../page.ts'
import { writeStop } from '../render/stop.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch clean`: exit codes 40 an agent that was named stays, 45 some of several failed. */
export const command: Command<CleanDocument> = defineCommand({
  command: 'clean [agent..]',
  describe: 'Remove what is left of agents that are provably finished, and say why for each',
  positionals: {
    agent: { ...AGENTS, describe: 'Only these: their ids, or any unique beginnings of them' },
  },
  options: {
    selector: { ...SELECTOR_OPTION.selector, describe: 'Only agents with these labels, k=v, k!=v, k or !k' },
    'older-than': { type: 'string', requiresArg: true, describe: 'Only agents that ended so long ago: 12h, 30d' },
    records: { type: 'boolean', describe: 'Also their records: history forgets them, their audit trails go' },
    'dry-run': { type: 'boolean', describe: 'Only look' },
  },
  examples: [
    ['orch clean --dry-run', 'what would go, what would stay, and why'],
    ['orch clean --older-than 30d', 'worktrees and workspaces of what ended before'],
    ['orch clean --older-than 365d --records', 'also from history'],
  ],
  run: async (args, context) => {
    const named = args.agent !== undefined && args.agent.length > 0
    const { agent, allProjects, dryRun } = args
    const exact = dryRun !== true
    return clean(await context.orch(), {
      ids: named ? await agentsOf({ agent, allProjects }, context, { exact }) : undefined,
      allProjects,
      selectors: args.selector,
      olderThanMs: args.olderThan === undefined ? undefined : parseAge(args.olderThan),
      records: args.records,
      dryRun,
      signal: context.signal,
    })
  },
  render,
  exitCode: ({ results }, args) => {
    const named = (args.agent?.length ?? 0) > 0
    return batchExitCode(results.map(({ removed, error }) => ({ ok: error === null && (removed || !named), error })))
  },
})

function render(
  { dryRun, results: all, project }: CleanDocument,
  page: Page,
  { agent: named = [] }: { readonly agent?: readonly string[] | undefined },
): void {
  // Of those that live, and that nobody asked for, their number is enough.
  const results = all.filter(({ reason }) => named.length > 0 || reason.code !== 'OPEN')
  const living = all.length - results.length
  if (all.length === 0) page.line(project === null ? 'No agents' : `No agents in ${project}`)
  for (const { id, removed, reason, parts, error } of results) {
    const what = removed ? (dryRun ? 'can go' : 'removed') : 'stays'
    page.line(styled('bold', id), '  ', styled(removed ? 'green' : 'dim', what), `  ${oneLine(reason.text)}`)
    for (const part of parts) {
      const became = part.removed ? (dryRun ? 'would go  ' : 'removed  ') : 'stays  '
      page.line(styled('dim', `  ${part.what}: ${became}`), oneLine(part.text))
    }
    writeStop(page, { stop: null, error })
  }
  if (living > 0)
    page.line(styled('dim', `${counted(living, 'open agent')} left alone: complete or abandon them first`))
}

runAsScript(import.meta, command)
