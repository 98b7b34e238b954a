import type { Reason } from '../agent.ts'
import { isAgentId } from '../agent-id.ts'
import { OrchError } from '../errors.ts'
import { matchesLabels, parseSelectors } from '../labels.ts'
import type { RecordList } from '../registry/registry.ts'
import type { Orch } from './orch.ts'
import { documentFor } from './warnings.ts'

/** Which agents a command is about: by their names, or by their labels. */
export interface AgentChoice {
  /** Ids, unique prefixes of ids, or `@last`. */
  readonly names?: readonly string[] | undefined
  /** Conditions on labels (`k=v`, `k!=v`, `k`, `!k`), instead of names. */
  readonly selectors?: readonly string[] | undefined
  /** With `selectors`: of all projects instead of the one the caller stands in. @default false */
  readonly allProjects?: boolean | undefined
  /** Only full ids will do: the command destroys and nobody sits at a terminal. @default false */
  readonly exact?: boolean | undefined
  /** Is told of what could be meant as well: closed agents, and records that cannot be read or trusted. */
  readonly onWarning?: ((warning: Reason) => void) | undefined
}

/**
 * The full ids of agents that are named, or of all open ones with certain labels; each once, at least one.
 * With `exact` a selector will not do either: what it finds now is said, and has to be named.
 * @throws OrchError as `resolveAgent`; `AGENT_NOT_FOUND` when a selector matches nothing; `USAGE` for a selector that is
 * none, or beside names
 */
export async function resolveAgents(orch: Orch, choice: AgentChoice): Promise<readonly string[]> {
  const { names = [], selectors = [], exact = false, onWarning } = choice
  if (selectors.length === 0)
    return [...new Set(await Promise.all(names.map((name) => resolveAgent(orch, name, { exact, onWarning }))))]
  if (names.length > 0)
    throw new OrchError('USAGE', `Cannot select by labels: the agent "${names[0]}" is named as well`, {
      hint: 'Name agents, or select them with -l',
    })
  const ids = await selectAgents(orch, selectors, choice)
  if (!exact) return ids
  throw new OrchError(
    'FULL_ID_REQUIRED',
    `Cannot use "-l ${selectors.join(',')}" here: without a terminal this command needs full ids`,
    {
      hint: `If you mean ${ids.length === 1 ? 'that agent' : 'those agents'}, name ${ids.map((id) => `"${id}"`).join(' ')}`,
    },
  )
}

/**
 * The full id of the one agent that is named, or has certain labels.
 * @throws OrchError as `resolveAgents`; `AGENT_AMBIGUOUS` when a selector matches several
 */
export async function resolveOneAgent(orch: Orch, choice: AgentChoice): Promise<string> {
  const ids = await resolveAgents(orch, choice)
  if (ids.length === 1) return ids[0] as string
  const selector = (choice.selectors ?? []).join(',')
  throw ambiguous(`Cannot tell which agent "${selector}" means`, ids)
}

async function selectAgents(
  orch: Orch,
  selectors: readonly string[],
  { allProjects = false, onWarning }: AgentChoice,
): Promise<string[]> {
  const conditions = parseSelectors(selectors)
  const { records, unreadable } = await orch.registry.list('open')
  const inScope = records.filter(({ record }) => allProjects || record.project === orch.project)
  const selected = inScope.filter(({ record }) => matchesLabels(record.labels, conditions))
  const passedOver = warningsOf({ records: inScope.filter((stored) => !selected.includes(stored)), unreadable })
  if (selected.length > 0) {
    for (const warning of passedOver) onWarning?.(warning)
    return selected
      .toSorted((a, b) => (a.record.spawnedAt < b.record.spawnedAt ? -1 : 1))
      .map(({ record }) => record.id)
  }
  const where = allProjects ? 'any project' : 'this project'
  throw new OrchError(
    'AGENT_NOT_FOUND',
    `Cannot find an agent with "${selectors.join(',')}": none of the ${inScope.length} open agents of ${where} matches${damageIn(passedOver)}`,
    { hint: 'List the labels with "orch status --json", or name agents by their ids' },
  )
}

function damageIn(passedOver: readonly Reason[]): string {
  const [first] = passedOver
  if (first === undefined) return ''
  const more = passedOver.length === 1 ? '' : `, and ${passedOver.length - 1} more`
  return `; passed over: ${first.text}${more}`
}

/** What is said of records whose labels, or whose times, are not known for sure. */
function warningsOf({ records, unreadable }: RecordList): readonly Reason[] {
  return documentFor(
    records.filter(({ damage }) => damage !== null),
    unreadable,
  ).warnings
}

/**
 * The full id for an id, a unique prefix of one, or `@last` (the newest agent of this project).
 * Open agents come first: a closed one is found by prefix only when no open one matches.
 * @throws OrchError `AGENT_NOT_FOUND`, `AGENT_AMBIGUOUS`, and with `exact` `FULL_ID_REQUIRED`
 */
export async function resolveAgent(
  orch: Orch,
  given: string,
  options: Pick<AgentChoice, 'exact' | 'onWarning'> = {},
): Promise<string> {
  const open = await orch.registry.ids('open')
  if (open.includes(given)) return given
  const closed = await orch.registry.ids('closed')
  if (closed.includes(given)) return given
  const id = given === '@last' ? await newest(orch, options) : byPrefix(given, open, closed)
  const passedOver = open.includes(id) ? closed.filter((one) => one.startsWith(given)) : []
  if (passedOver.length > 0 && !options.exact) options.onWarning?.(alsoClosed(given, { id, passedOver }))
  if (!options.exact) return id
  throw new OrchError(
    'FULL_ID_REQUIRED',
    `Cannot use "${given}" here: without a terminal this command needs the full id`,
    {
      hint: `If you mean that agent, name it "${id}"`,
      agent: id,
    },
  )
}

function byPrefix(given: string, open: readonly string[], closed: readonly string[]): string {
  for (const ids of isAgentId(given.replace(/-+$/, '')) ? [open, closed] : []) {
    const matches = ids.filter((id) => id.startsWith(given))
    if (matches.length === 1) return matches[0] as string
    if (matches.length > 1) throw ambiguous(`Cannot tell which agent "${given}" means`, matches)
  }
  throw new OrchError('AGENT_NOT_FOUND', `Cannot find the agent ${JSON.stringify(given)}: no id starts with it`, {
    hint: 'List the agents with "orch status --all-projects --ended"',
  })
}

function alsoClosed(
  given: string,
  { id, passedOver }: { readonly id: string; readonly passedOver: readonly string[] },
): Reason {
  const also = passedOver.length === 1 ? `the closed agent "${passedOver[0]}"` : `${passedOver.length} closed agents`
  return { code: 'CLOSED_ALSO_MATCH', text: `"${given}" was taken for "${id}", which is open; it begins ${also} too` }
}

function ambiguous(problem: string, ids: readonly string[]): OrchError {
  const some = ids.toSorted().slice(0, 5)
  return new OrchError('AGENT_AMBIGUOUS', `${problem}: ${ids.length} agents match`, {
    hint: `Name one of ${some.map((id) => `"${id}"`).join(', ')}`,
  })
}

async function newest(orch: Orch, { onWarning }: Pick<AgentChoice, 'onWarning'>): Promise<string> {
  const lists = [await orch.registry.list('open'), await orch.registry.list('closed')]
  for (const { records, unreadable } of lists) {
    const own = records.filter(({ record }) => record.project === orch.project)
    const last = own.sort((a, b) => b.record.spawnedAt.localeCompare(a.record.spawnedAt))[0]
    if (last === undefined) continue
    for (const warning of warningsOf({ records: [], unreadable })) onWarning?.(warning)
    return last.record.id
  }
  throw new OrchError('AGENT_NOT_FOUND', 'Cannot find the agent "@last": this project has no agents', {
    hint: 'Start one with "orch spawn"',
  })
}
