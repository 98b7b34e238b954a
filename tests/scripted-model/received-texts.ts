import type { ModelRequest } from './scripted-model.ts'

/**
 * The user texts of one conversation in the order in which the model sees them, duplicates included: those of its newest
 * turn request. The conversation is the one in which some user text contains `mark`; `[]` when there is none.
 */
export function receivedTexts(requests: readonly ModelRequest[], mark: string): string[] {
  const request = requests.findLast(
    ({ kind, userTexts }) => kind === 'turn' && userTexts.some((text) => text.includes(mark)),
  )
  return request?.userTexts ?? []
}
