import type { RecoverDocument, RecoverFinding } from '../documents.ts'
import { actOnLook } from '../orchestrator/act-on-look.ts'
import { type BulkLook, type Look, lookAt } from '../orchestrator/look.ts'
import type { RecoverOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import { documentFor } from '../orchestrator/warnings.ts'
import type { StoredRecord } from '../registry/record.ts'
import { finding, findingsOf, leftWorktree } from './findings.ts'
import { withoutProject } from './without-project.ts'

/**
 * Says what a crash or a restart left undone, and does what can be done without starting anything: goes on with spawns and
 * resumptions whose process died, gives idle agents what waits for them. What needs a decision names its command. Twice is fine.
 * @throws OrchError `DISK`, `PERMISSION_DENIED` when the registry cannot be read
 */
export async function recoverAll(orch: Orch, options: RecoverOptions = {}): Promise<RecoverDocument> {
  const { signal, dryRun = false, allProjects = false } = options
  const [open, closed] = await Promise.all([orch.registry.list('open'), orch.registry.list('closed')])
  const isWanted = ({ record }: StoredRecord): boolean => allProjects || record.project === orch.project
  const records = open.records.filter(isWanted)
  const look = await lookAt(orch, records, { signal, alsoLookAt: orch.backendNames })
  const found = new Set(look.found.map(({ id }) => id))
  const before = new Map(look.looks.map((one) => [one.stored.record.id, findingsOf(one, found)]))
  const after = dryRun ? look.looks : await act(orch, look, signal)
  const findings = after.flatMap((one, index) => {
    const was = look.looks[index] as Look
    const all = before.get(was.stored.record.id) ?? []
    return dryRun ? all : settled(all, was, one)
  })
  return {
    ...documentFor(
      after.map(({ stored }) => stored),
      open.unreadable,
    ),
    dryRun,
    project: allProjects ? null : orch.project,
    complete: look.complete && open.unreadable.length === 0,
    backends: look.backends,
    agents: records.length,
    findings: [
      ...findings,
      ...goneProjects(open.records),
      ...closed.records.filter(isWanted).flatMap(leftWorktree),
      ...open.unreadable.map(({ id, reason }) => finding('record', id, `its record cannot be read: ${reason}`)),
      ...(await orphans(
        orch,
        look,
        new Set([...open.records.map(({ record }) => record.id), ...open.unreadable.map(({ id }) => id)]),
      )),
    ],
  }
}

async function act(orch: Orch, look: BulkLook, signal: AbortSignal | undefined): Promise<readonly Look[]> {
  const now = await actOnLook(orch, look, signal)
  const changed = now.filter((stored, index) => stored !== look.looks[index]?.stored)
  if (changed.length === 0) return look.looks
  const again = new Map((await lookAt(orch, changed, { signal })).looks.map((one) => [one.stored.record.id, one]))
  return look.looks.map((one) => again.get(one.stored.record.id) ?? one)
}

/** What was to be done, and what became of it; and what only the second look shows, as an interrupted turn of an adopted agent. */
function settled(before: readonly RecoverFinding[], was: Look, now: Look): readonly RecoverFinding[] {
  const known = new Set(before.map(({ kind }) => kind))
  const more = was === now ? [] : findingsOf(now, new Set()).filter(({ kind }) => !known.has(kind))
  return [...before.map((one) => (one.action === null ? one : outcome(one, was.stored, now))), ...more]
}

function outcome(one: RecoverFinding, was: StoredRecord, { stored, agent }: Look): RecoverFinding {
  const { id } = stored.record
  const isDone = stored.revision !== was.revision && (one.kind !== 'queue' || triedOf(stored) !== triedOf(was))
  if (!isDone) {
    const action =
      one.kind === 'queue' ? `left waiting: it is ${agent.state}` : 'left as it is: it could not be found out now'
    return { ...one, action, next: `orch check ${id}` }
  }
  if (one.kind === 'queue') return { ...one, action: 'gave it the oldest one', done: true }
  const { lifecycle, failure } = stored.record
  if (lifecycle === 'failed')
    return {
      ...one,
      action: `recorded that it failed: ${failure?.text ?? 'nothing is there'}`,
      done: true,
      next: `orch abandon ${id}`,
    }
  if (lifecycle === 'spawning')
    return { ...one, action: 'found its place; its task may still be on its way', next: `orch check ${id}` }
  return { ...one, action: `its record goes on: it is ${agent.state}`, done: true }
}

/** Of all projects: nobody can stand in one that is gone. */
function goneProjects(open: readonly StoredRecord[]): readonly RecoverFinding[] {
  return withoutProject(open).flatMap(({ project, ids }) =>
    ids.map((id) =>
      finding(
        'project',
        id,
        `its project "${project}" is not there: move it back, or abandon the agent`,
        `orch abandon ${id}`,
      ),
    ),
  )
}

function triedOf({ record: { queue = [] } }: StoredRecord): string {
  return JSON.stringify(queue.map(({ id, triedAt }) => [id, triedAt]))
}

/** What carries orch's tag and is no open agent of any project, also not of one that was opened since. */
async function orphans(orch: Orch, { found }: BulkLook, known: ReadonlySet<string>): Promise<RecoverFinding[]> {
  const strange = found.filter(({ id }) => !known.has(id))
  if (strange.length === 0) return []
  const now = new Set(await orch.registry.ids('open'))
  return strange
    .filter(({ id }) => !now.has(id))
    .map(({ id, backend, detail }) =>
      finding('orphan', id, `it carries orch's tag and has no open record: ${backend}, ${detail}`),
    )
}
