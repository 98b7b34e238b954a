import { type AgentChoice, resolveAgents, resolveOneAgent } from '@orch/core'
import type { Context } from './context.ts'
import { usageError } from './options.ts'

/** The positional that names one agent. */
export const AGENT = { type: 'string', describe: 'Its id, any unique beginning of it, or @last' } as const

/** The positional that names one agent or several. */
export const AGENTS = {
  type: 'string',
  array: true,
  describe: 'Their ids, any unique beginnings of them, or @last',
} as const

/** The option that selects agents by their labels, in place of a positional. */
export const SELECTOR_OPTION = {
  selector: {
    alias: 'l',
    type: 'string',
    array: true,
    requiresArg: true,
    nargs: 1,
    describe: 'Instead of naming: the open agents with these labels, k=v, k!=v, k or !k; a comma means and',
  },
} as const

interface SelectorArgs {
  readonly selector?: readonly string[] | undefined
  readonly allProjects?: boolean | undefined
}

/**
 * The full ids of the agents of a command line: named, or selected by labels.
 * @param exact the command destroys: without a terminal only full ids will do
 * @throws OrchError as `resolveAgents`; `USAGE` when none is named
 */
export async function agentsOf(
  args: SelectorArgs & { readonly agent?: readonly string[] | undefined },
  context: Context,
  { exact = false }: { readonly exact?: boolean } = {},
): Promise<readonly string[]> {
  const choice = choiceOf(args, args.agent ?? [])
  return resolveAgents(await context.orch(), { ...choice, exact: exact && !context.interactive, ...told(context) })
}

/**
 * The full id of the one agent of a command line.
 * @throws OrchError as `resolveOneAgent`; `USAGE` when none is named
 */
export async function agentOf(
  args: SelectorArgs & { readonly agent?: string | undefined },
  context: Context,
): Promise<string> {
  const choice = choiceOf(args, args.agent === undefined ? [] : [args.agent])
  return resolveOneAgent(await context.orch(), { ...choice, ...told(context) })
}

function told({ warnings }: Context): Pick<AgentChoice, 'onWarning'> {
  return { onWarning: (warning) => warnings.push(warning) }
}

/** The arguments of `<verb> [agent] [text]`: where the agent is selected, the first word is the text. */
export function withSelected<
  T extends SelectorArgs & { readonly agent?: string | undefined; readonly text?: string | undefined },
>(args: T): T {
  if (args.selector === undefined || args.text !== undefined) return args
  return { ...args, agent: undefined, text: args.agent }
}

function choiceOf({ selector, allProjects }: SelectorArgs, names: readonly string[]): AgentChoice {
  if (names.length === 0 && selector === undefined)
    throw usageError('Cannot choose an agent: none is named', 'Name one by its id, or select by labels with -l')
  return { names, selectors: selector, allProjects }
}
