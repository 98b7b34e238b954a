import { type DiffDocument, diff } from '@orch/core'
import { AGENT, agentOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { counted, oneLine, type Page, type Part, styled } from '../page.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch diff`: in a pager on a terminal. */
export const command: Command<DiffDocument> = defineCommand({
  command: 'diff [agent]',
  describe: 'Show what changed in the checkout of an agent since its spawn',
  positionals: { agent: AGENT },
  options: {
    ...SELECTOR_OPTION,
    stat: { type: 'boolean', describe: 'Only which files, and how much of them' },
  },
  examples: [
    ['orch diff fix-login', 'commits, open changes and new files, as one diff'],
    ['orch diff fix-login --stat', 'which files changed, and how much'],
  ],
  paged: true,
  run: async (args, context) => {
    const orch = await context.orch()
    return diff(orch, await agentOf(args, context), { stat: args.stat, signal: context.signal })
  },
  render,
})

function render({ files, insertions, deletions, patch, dirtyBefore }: DiffDocument, page: Page): void {
  if (patch !== null && patch !== '') {
    for (const line of patch.replace(/\n$/, '').split('\n')) page.line(lookOf(line))
    return
  }
  const width = Math.max(0, ...files.map(({ path }) => oneLine(path).length))
  for (const { path, insertions: added, deletions: removed } of files) {
    const size = added === null ? ['not text'] : [styled('green', `+${added}`), ' ', styled('red', `-${removed}`)]
    page.line(oneLine(path).padEnd(width), '  ', ...size)
  }
  const count = counted(files.length, 'file')
  const before = dirtyBefore === 0 ? '' : `; left out is what was dirty before its spawn (${dirtyBefore})`
  page.line(styled('dim', `${count}, +${insertions} -${deletions}${before}`))
}

function lookOf(line: string): Part {
  if (/^(diff |index |new file|deleted file|old mode|new mode|--- |\+\+\+ )/.test(line)) return styled('bold', line)
  if (line.startsWith('@@')) return styled('cyan', line)
  if (line.startsWith('+')) return styled('green', line)
  return line.startsWith('-') ? styled('red', line) : line
}

runAsScript(import.meta, command)
