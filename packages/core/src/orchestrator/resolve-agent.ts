import { isAgentId } from '../agent-id.ts'
import { OrchError } from '../errors.ts'
import type { Orch } from './orch.ts'

/**
 * The full id for an id, a unique prefix of one, or `@last` (the newest agent of this project).
 * Open agents come first: a closed one is found by prefix only when no open one matches.
 * @throws OrchError `AGENT_NOT_FOUND`, `AGENT_AMBIGUOUS`, and with `exact` `FULL_ID_REQUIRED`
 */
export async function resolveAgent(
  orch: Orch,
  given: string,
  options: { readonly exact?: boolean } = {},
): Promise<string> {
  const open = await orch.registry.ids('open')
  if (open.includes(given)) return given
  const closed = await orch.registry.ids('closed')
  if (closed.includes(given)) return given
  const id = given === '@last' ? await newest(orch) : byPrefix(given, open, closed)
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
    if (matches.length > 1) {
      throw new OrchError(
        'AGENT_AMBIGUOUS',
        `Cannot tell which agent "${given}" means: ${matches.length} agents match`,
        {
          hint: `Name one of ${matches
            .sort()
            .slice(0, 5)
            .map((id) => `"${id}"`)
            .join(', ')}`,
        },
      )
    }
  }
  throw new OrchError('AGENT_NOT_FOUND', `Cannot find the agent ${JSON.stringify(given)}: no id starts with it`, {
    hint: 'List the agents with "orch status --all-projects --ended"',
  })
}

async function newest(orch: Orch): Promise<string> {
  const lists = [await orch.registry.list('open'), await orch.registry.list('closed')]
  for (const { records } of lists) {
    const own = records.filter(({ record }) => record.project === orch.project)
    const last = own.sort((a, b) => b.record.spawnedAt.localeCompare(a.record.spawnedAt))[0]
    if (last) return last.record.id
  }
  throw new OrchError('AGENT_NOT_FOUND', 'Cannot find the agent "@last": this project has no agents', {
    hint: 'Start one with "orch spawn"',
  })
}
