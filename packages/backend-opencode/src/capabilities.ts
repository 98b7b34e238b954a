import type { Capability } from '@orch/core'

const ALWAYS: readonly Capability[] = [
  'turns',
  'answers',
  'attachments',
  'requests',
  'attach',
  'interrupt',
  'transcript',
  'usage',
  'models',
  'adopt',
]

/** The same for every agent. Only a server that orch runs can be started and stopped. */
export function capabilitiesFor(isManaged: boolean): readonly Capability[] {
  return isManaged ? [...ALWAYS, 'server'] : ALWAYS
}
