import type { Capability, Receipt } from '../agent.ts'

/**
 * Whether a message may still come to light in the agent's own record, so that its turn is not over before. One that
 * was only accepted never does where turns are not shown. Pure.
 */
export function isOnItsWay({ delivery }: Receipt, capabilities: readonly Capability[]): boolean {
  return delivery === 'unconfirmed' || (delivery === 'accepted' && capabilities.includes('turns'))
}
