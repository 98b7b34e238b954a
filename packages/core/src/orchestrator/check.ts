import type { Agent } from '../agent.ts'
import type { ReadResult } from '../backend.ts'
import type { CheckDocument } from '../documents.ts'
import { isOrchError } from '../errors.ts'
import { lookAndDeliver } from '../messages/deliver-queued.ts'
import { driveQueueOf, withStanding } from '../queue/drive-queue.ts'
import { recoverSpawns } from '../recovery/recover.ts'
import type { AgentRecord, StoredRecord } from '../registry/record.ts'
import { chainOfEvidence } from '../state/chain-of-evidence.ts'
import { readTranscript } from '../transcript/read-transcript.ts'
import { shownUsage } from '../usage.ts'
import { lookAtDeliverables } from '../workspace/deliverables.ts'
import { readPage } from '../workspace/workspace.ts'
import { readGitInfo } from '../worktree/git-info.ts'
import { lostText } from '../worktree/kept-work.ts'
import { isWorktree } from '../worktree/look-at-worktree.ts'
import { type Look, type LookOptions, lookAtOne } from './look.ts'
import type { CallOptions } from './options.ts'
import type { Orch } from './orch.ts'
import { assertSound, reread } from './update-record.ts'
import { documentFor } from './warnings.ts'

const TAIL_ITEMS = 5
const TURNS = 5

/**
 * Everything about one agent. A transcript that cannot be read is a warning, not an error.
 * @throws OrchError `AGENT_NOT_FOUND`, `RECORD_CORRUPT`
 */
export async function check(orch: Orch, id: string, options: CallOptions = {}): Promise<CheckDocument> {
  const stored = assertSound(await reread(orch, id))
  const [recovered = stored] = await recoverSpawns(orch, [stored], [], options.signal)
  const { workspace } = recovered.record
  const [look, git, newest] = await Promise.all([
    lookAndAct(orch, recovered, { signal: options.signal, explain: true, usage: true }),
    readGitInfo(recovered.record, options.signal),
    readNewest(orch, recovered.record, options.signal),
  ])
  const { apiVersion, warnings } = documentFor([look.stored])
  return {
    apiVersion,
    warnings: [...warnings, ...lostWorktree(look.stored), ...newest.warnings],
    agent: withContext(look.agent, newest.turns),
    git,
    worktree: look.stored.record.worktree ?? null,
    deliverables: lookAtDeliverables(recovered.record),
    verify: recovered.record.verify ?? null,
    skill: recovered.record.skill ?? null,
    workspaceText: readPage(workspace),
    tail: newest.items,
    turns: newest.turns,
    queue: look.stored.record.queue ?? [],
    chain: chainOfEvidence(look.agent.evidence, look.observation, look.report),
  }
}

/** While an agent is open its worktree is there, unless somebody took it away. */
function lostWorktree({ record: { worktree }, closed }: StoredRecord): CheckDocument['warnings'] {
  if (closed || worktree === undefined || worktree.readyAt === null || isWorktree(worktree.path)) return []
  return [{ code: 'NO_WORKTREE', text: lostText(worktree.path) }]
}

/** Starts who is queued in its project and may start, as any look does: this agent may be among them, or have given up its place. */
async function lookAndAct(orch: Orch, stored: StoredRecord, how: LookOptions): Promise<Look> {
  const { signal } = how
  const look = await lookAndDeliver(orch, stored, how)
  const { id, project } = stored.record
  const driven = await driveQueueOf(orch, project, { looks: [look], mayStart: false, signal })
  const now = driven.changed.has(id) ? await lookAtOne(orch, await reread(orch, id), signal, how) : look
  return withStanding(now, driven)
}

type Newest = Pick<CheckDocument, 'turns' | 'warnings'> & Pick<ReadResult, 'items'>

async function readNewest(orch: Orch, record: AgentRecord, signal: AbortSignal | undefined): Promise<Newest> {
  if (record.handle === null) return { items: [], turns: null, warnings: [] }
  try {
    const { items, turns } = await readTranscript(orch, record, { last: TAIL_ITEMS, turns: TURNS, signal })
    const shown = turns?.map((turn) => ({ ...turn, usage: shownUsage(turn.usage) })) ?? null
    return { items, turns: shown, warnings: [] }
  } catch (error) {
    if (signal?.aborted || !isOrchError(error)) throw error
    return { items: [], turns: null, warnings: [{ code: error.code, text: error.message }] }
  }
}

/** How full the context is stands in the newest turn that was answered. */
function withContext(agent: Agent, turns: Newest['turns']): Agent {
  const answered = turns?.findLast(({ usage }) => usage.contextTokens !== null)
  if (agent.usage === null || answered === undefined) return agent
  const { contextTokens = null, contextLimit = null } = answered.usage
  return { ...agent, usage: { ...agent.usage, contextTokens, contextLimit } }
}
