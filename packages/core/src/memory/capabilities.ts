import type { Capability } from '../agent.ts'
import type { MemoryOptions } from './options.ts'

const ALWAYS: readonly Capability[] = [
  'turns',
  'answers',
  'attachments',
  'requests',
  'interrupt',
  'attach',
  'transcript',
  'usage',
  'screen',
  'models',
  'server',
  'adopt',
]

/** What every agent of this backend can: the same for all, and known without a look. */
export function capabilitiesFor(options: MemoryOptions): readonly Capability[] {
  const all: readonly Capability[] = options.survives ? ALWAYS : [...ALWAYS, 'programs', 'resume']
  return all.filter((capability) => !options.without?.includes(capability))
}
