import { OrchError } from '../errors.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { AgentRecord } from '../registry/record.ts'

/** What was agreed on about an agent's work before it began, as its record holds it. */
export type AgreedWork = Pick<AgentRecord, 'skill' | 'deliverables' | 'verify'>

/**
 * What the work of a new agent is measured by. The command that verifies it comes from the caller, else from the configuration,
 * as they are now: what the agent writes there changes nothing.
 * @throws OrchError `USAGE` for a deliverable that cannot be a path, or a command without words
 */
export function agreeOnWork(orch: Orch, options: SpawnOptions): AgreedWork {
  const deliverables = [...new Set(options.deliverables ?? [])]
  for (const path of deliverables) if (!isPath(path)) throw notAPath(path)
  const verify = options.verify ?? orch.config.verify
  if (verify !== null && (verify[0] ?? '') === '') {
    throw new OrchError('USAGE', 'Cannot spawn an agent: the command that verifies its work is empty', {
      hint: 'Give a program and its arguments, or leave it out',
    })
  }
  return {
    ...(options.skill !== undefined && { skill: options.skill }),
    ...(deliverables.length > 0 && { deliverables }),
    ...(verify !== null && { verify }),
  }
}

/** One line, as it stands in the agent's context. */
function isPath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what no path may hold here
  return path.trim() !== '' && !/[\0-\x1f\x7f]/.test(path)
}

function notAPath(path: string): OrchError {
  return new OrchError('USAGE', `Cannot use the deliverable ${JSON.stringify(path)}: it is empty or not one line`, {
    hint: 'Name a file or folder, relative to the directory of the agent',
  })
}

/** The same for the agent that gets this id: `{{id}}` and `{{workspace}}` in a deliverable are its own. */
export function workOf(work: AgreedWork, id: string, workspace: string): AgreedWork {
  const { deliverables } = work
  if (deliverables === undefined) return work
  const own = (path: string): string => path.replaceAll('{{id}}', id).replaceAll('{{workspace}}', workspace)
  return { ...work, deliverables: deliverables.map(own) }
}
