import { type CheckDocument, check, type GitInfo, type Item, joinWords, type WorktreeRecord } from '@orch/core'
import { ago } from '../age.ts'
import { AGENT, agentOf, SELECTOR_OPTION } from '../agents.ts'
import { type Command, defineCommand } from '../define-command.ts'
import { counted, oneLine, type Page, styled } from '../page.ts'
import { permissionText } from '../permission.ts'
import { writeAgentLine, writeChain, writeEvidence, writeRequest } from '../render/agent.ts'
import { writeItem } from '../render/item.ts'
import { writeQueue } from '../render/queue.ts'
import { contextText, dollars, tokensText, writeTurns } from '../render/usage.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch check`. */
export const command: Command<CheckDocument> = defineCommand({
  command: 'check [agent]',
  describe: 'Show everything about one agent',
  positionals: { agent: AGENT },
  options: {
    ...SELECTOR_OPTION,
    explain: { type: 'boolean', describe: 'Show all the evidence that was looked at, and what decided' },
  },
  examples: [
    ['orch check fix-login', 'state and why, requests, commits, deliverables, newest output'],
    ['orch check fix-login --explain', 'also why it is in that state and in no other'],
    ['orch check @last --json', 'the same as one JSON document'],
  ],
  run: async (args, context) => {
    const orch = await context.orch()
    const id = await agentOf(args, context)
    return check(orch, id, { signal: context.signal })
  },
  render,
})

function render(document: CheckDocument, page: Page, { explain }: { readonly explain?: boolean | undefined }): void {
  const { agent, git, worktree, deliverables, tail, turns, queue } = document
  writeAgentLine(page, agent)
  if (explain) writeChain(page, document.chain)
  else writeEvidence(page, agent.evidence)
  for (const request of agent.requests) writeRequest(page, agent.id, request)
  writeQueue(page, agent.id, queue)
  writeFields(document, page)
  if (worktree !== null) writeWorktree(worktree, page)
  if (git !== null) writeGit(git, page)
  for (const { path, exists } of deliverables)
    page.line(exists ? styled('green', 'present  ') : styled('red', 'missing  '), oneLine(path))
  writeTurns(turns ?? [], page)
  if (tail.length > 0) page.line(styled('dim', 'Newest output:'))
  for (const item of tail) writeItem(page, briefly(item))
}

/** A message in one line: the first prompt alone would fill the screen. */
function briefly(item: Item): Item {
  return item.kind === 'message' && item.text !== null ? { ...item, text: oneLine(item.text, 200) } : item
}

function writeFields({ agent, skill, verify }: CheckDocument, page: Page): void {
  const { phase, usage } = agent
  const fields: readonly (readonly [string, string | null])[] = [
    ['task', agent.task],
    ['phase', phase === null ? null : `${phase.name}${phase.note === null ? '' : ` - ${phase.note}`}`],
    ['backend', [agent.backend, agent.program, agent.model].filter(Boolean).join(', ')],
    ['permission', permissionText(agent)],
    ['skill', skill],
    ['verified', verify && `by ${joinWords(verify)}`],
    ['directory', agent.directory],
    ['branch', agent.branch],
    ['workspace', agent.workspace],
    ['parent', agent.parent],
    [
      'labels',
      Object.entries(agent.labels)
        .map((label) => label.join('='))
        .join(' ') || null,
    ],
    ['spawned', ago(agent.spawnedAt, page.now)],
    ['active', agent.lastActivityAt && ago(agent.lastActivityAt, page.now)],
    ['tokens', usage && tokensText(usage)],
    ['cost', usage && usage.costUsd !== null ? dollars(usage.costUsd) : null],
    ['context', usage && contextText(usage)],
    ['exit', agent.exit && (agent.exit.signal ?? `${agent.exit.code}`)],
  ]
  for (const [name, value] of fields) if (value !== null) page.line(styled('dim', name.padEnd(11)), oneLine(value))
}

function writeWorktree({ path, readyAt, delivered }: WorktreeRecord, page: Page): void {
  const state = readyAt === null ? 'half made' : (delivered?.text ?? path)
  page.line(styled('dim', 'worktree'.padEnd(11)), oneLine(state))
}

function writeGit(git: GitInfo, page: Page): void {
  const { stat, commits, dirty, dirtyBefore } = git
  const size = stat === null ? '' : ` (+${stat.insertions} -${stat.deletions} in ${counted(stat.files, 'file')})`
  const before = dirtyBefore === 0 ? '' : `, ${counted(dirtyBefore, 'file')} dirty before`
  const since = `${counted(commits.length, 'new commit')} and ${counted(dirty.length, 'changed file')} since the spawn`
  page.line(styled('dim', 'git'.padEnd(11)), `${since}${size}${before}`)
  for (const { hash, subject } of git.commits) page.line(`  ${oneLine(hash).slice(0, 8)} ${oneLine(subject)}`)
  for (const path of git.dirty) page.line(`  changed ${oneLine(path)}`)
}

runAsScript(import.meta, command)
