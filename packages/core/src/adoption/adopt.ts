import { statSync } from 'node:fs'
import type { Reason } from '../agent.ts'
import type { Adoptable, Backend } from '../backend.ts'
import type { AdoptableEntry, AdoptDocument } from '../documents.ts'
import { isOrchError, OrchError } from '../errors.ts'
import { readGitHead } from '../git.ts'
import { lookAtOne } from '../orchestrator/look.ts'
import type { AdoptOptions } from '../orchestrator/options.ts'
import { callBackend, type Orch } from '../orchestrator/orch.ts'
import { documentFor } from '../orchestrator/warnings.ts'
import { findProject } from '../project.ts'
import { claimAgent } from '../spawn/claim-agent.ts'
import { newRecord } from '../spawn/new-record.ts'
import { prepareWorkspaces } from '../workspace/workspace.ts'
import { takeOverPlace } from './take-over-place.ts'

/** Something that could be adopted, and where. */
export interface Offer extends Adoptable {
  readonly backend: Backend
}

/**
 * Lists what could be adopted, of every backend that can, or of the one that was asked for. Starts no server.
 * @throws OrchError `BACKEND_UNKNOWN`; `UNSUPPORTED` for a backend that was asked for and cannot
 */
export async function listAdoptable(orch: Orch, options: AdoptOptions = {}): Promise<AdoptDocument> {
  const { offers, backends } = await offersOf(orch, options)
  return { ...documentFor([]), ...wholeness(backends), agent: null, adoptable: offers.map(toEntry) }
}

/**
 * Makes an agent of what runs at `place` and was not made by orch. Its record comes first, so that what a killed process
 * took over is found by the next look.
 * @throws OrchError `AGENT_NOT_FOUND`, `AGENT_AMBIGUOUS`, `AGENT_EXISTS`, `UNSUPPORTED`, `BACKEND_UNKNOWN`, `WORKSPACE_UNWRITABLE` …
 */
export async function adopt(orch: Orch, place: string, options: AdoptOptions = {}): Promise<AdoptDocument> {
  const { offers, backends } = await offersOf(orch, options)
  const offer = chosen(place, offers) ?? (await refuseNothing(orch, place, backends))
  const there = { ...orch, ...placeOf(orch, offer) }
  const task = options.task?.trim() || offer.title.trim() || `Adopted ${place}`
  const { commit, branch } = await readGitHead(there.directory, options.signal)
  prepareWorkspaces(there.project)
  const { target, program, backend } = offer
  const spawnOptions = { task, name: options.name, labels: options.labels }
  const claimed = await claimAgent(there, spawnOptions, (id) => ({
    ...newRecord(there, spawnOptions, {
      id,
      backend,
      wanted: { ...NOTHING_WANTED, project: there.project, directory: there.directory, target, program },
      commit,
      branch,
      attachments: [],
      worktree: null,
      work: {},
      parent: orch.env.ORCH_AGENT_ID || null,
      start: null,
    }),
    adopted: place,
  }))
  // barrier: adopt-claimed
  const stored = await takeOverPlace(orch, claimed.stored, { backend, place, signal: options.signal })
  const look = await lookAtOne(orch, stored, options.signal)
  return { ...documentFor([look.stored]), ...wholeness(backends), agent: look.agent, adoptable: [] }
}

const NOTHING_WANTED = { programSpec: null, model: null, mode: null, permission: null } as const

interface Offers {
  readonly offers: readonly Offer[]
  readonly backends: AdoptDocument['backends']
}

async function offersOf(orch: Orch, options: AdoptOptions): Promise<Offers> {
  const names = orch.backendName === null ? orch.backendNames : [orch.backendName]
  const asked = await Promise.all(names.map((name) => ask(orch, name, options)))
  return {
    offers: asked.flatMap(({ offers }) => offers),
    backends: asked.flatMap(({ status }) => (status === null ? [] : [status])),
  }
}

/** A backend that cannot adopt has nothing to say, unless it was asked for. */
async function ask(
  orch: Orch,
  name: string,
  { server = null, signal }: { readonly server?: string | null | undefined; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly offers: readonly Offer[]; readonly status: AdoptDocument['backends'][number] | null }> {
  try {
    const backend = await orch.backend(name)
    if (backend.adoptable === undefined || !backend.capabilitiesOf(null).includes('adopt')) {
      if (orch.backendName === null) return { offers: [], status: null }
      throw new OrchError('UNSUPPORTED', `Cannot adopt with the backend "${name}": it does not support it`, {
        hint: 'Leave out --backend: "orch adopt" lists what others could adopt',
        backend: name,
      })
    }
    const list = backend.adoptable.bind(backend)
    const call = { backend: name, verb: 'list what could be adopted by', timeoutMs: orch.requestTimeoutMs, signal }
    const found = await callBackend(call, (inner) => list(server, inner))
    return { offers: found.map((one) => ({ ...one, backend })), status: { name, ok: true, error: null } }
  } catch (error) {
    if (signal?.aborted || !isOrchError(error) || orch.backendName !== null) throw error
    const reason: Reason = { code: error.code, text: error.message }
    return { offers: [], status: { name, ok: false, error: reason } }
  }
}

function chosen(place: string, offers: readonly Offer[]): Offer | undefined {
  const [first, second] = offers.filter((offer) => offer.place === place)
  if (first === undefined || second === undefined) return first
  throw new OrchError(
    'AGENT_AMBIGUOUS',
    `Cannot tell what ${JSON.stringify(place)} means: ${first.detail}, or ${second.detail}`,
    { hint: 'Choose with --backend or --socket' },
  )
}

/** Says why nothing can be adopted by that name: above all, whose it is already. */
async function refuseNothing(orch: Orch, place: string, backends: Offers['backends']): Promise<never> {
  const { records } = await orch.registry.list('open')
  const holder = records.find(({ record }) => record.adopted === place && record.lifecycle === 'active')?.record.id
  if (holder !== undefined)
    throw new OrchError('AGENT_EXISTS', `Cannot adopt ${JSON.stringify(place)}: it is the agent "${holder}" already`, {
      hint: `See it with "orch check ${holder}"; where another server has a place of that name, choose it with --socket`,
      agent: holder,
    })
  const failed = backends.flatMap(({ name, error }) =>
    error === null ? [] : [`; ${name} could not be looked at: ${error.text}`],
  )
  throw new OrchError(
    'AGENT_NOT_FOUND',
    `Cannot adopt ${JSON.stringify(place)}: nothing of that name could be${failed.join('')}`,
    {
      hint: 'List what could be adopted with "orch adopt", and what is an agent already with "orch status --all-projects"',
    },
  )
}

/** The project is the one that it works in, if that is there. */
function placeOf({ project, directory }: Orch, offer: Offer): Pick<Orch, 'project' | 'directory'> {
  const isThere = offer.directory !== null && statSync(offer.directory, { throwIfNoEntry: false })?.isDirectory()
  return isThere ? findProject(offer.directory as string) : { project, directory }
}

function toEntry({ backend, place, title, directory, program, detail }: Offer): AdoptableEntry {
  return { backend: backend.name, place, title, directory, program, detail }
}

function wholeness(backends: Offers['backends']): Pick<AdoptDocument, 'complete' | 'backends'> {
  return { complete: backends.every(({ ok }) => ok), backends }
}
