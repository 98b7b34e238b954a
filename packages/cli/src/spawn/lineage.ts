import { type Labels, parseLabels } from '@orch/core'

/** The options of `spawn` that say whose agent it is and what it is called by. */
export const LINEAGE_OPTIONS = {
  parent: {
    type: 'string',
    requiresArg: true,
    describe: 'The agent that starts it (the variable ORCH_AGENT_ID when left out)',
  },
  label: {
    type: 'string',
    array: true,
    requiresArg: true,
    nargs: 1,
    describe: 'A label, key=value, to select it by; can be given again',
  },
} as const

/**
 * What the {@link LINEAGE_OPTIONS} were set to, as `spawn` of core takes it.
 * @throws OrchError `USAGE`
 */
export function lineageOptions(args: {
  readonly parent?: string | undefined
  readonly label?: readonly string[] | undefined
}): { readonly parent: string | undefined; readonly labels: Labels | undefined } {
  return { parent: args.parent, labels: args.label && (parseLabels(args.label) as Labels) }
}
