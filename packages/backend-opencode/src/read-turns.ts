import { type TurnUsage, withDeadline } from '@orch/core'
import type { Api, SessionAddress } from './client/api.ts'
import type { Context } from './context.ts'
import type { StoredMessage } from './parse-message.ts'
import { turnUsages } from './turn-usage.ts'

/** How many messages one request asks for: most turns are shorter. */
const PAGE = 100

/** How large the context of a model is, is worth so many milliseconds: the list of models may be long. */
const LIMITS_MS = 1_500

/** What the newest `last` turns of a session used, oldest first; fewer when the newest ones are very long. */
export async function readTurns(
  context: Context,
  { api, address, last }: { readonly api: Api; readonly address: SessionAddress; readonly last: number },
  signal: AbortSignal,
): Promise<TurnUsage[]> {
  const [messages, sessions, contextLimits] = await Promise.all([
    newestTurn(api, address),
    api.sessions(),
    readContextLimits(context, api, { directory: address.directory, signal }),
  ])
  return turnUsages({ messages, sessions, contextLimits }, last)
}

/** The newest messages, so many that the newest turn is whole; `[]` when there is no such session. */
async function newestTurn(api: Api, address: SessionAddress): Promise<readonly StoredMessage[]> {
  let messages: readonly StoredMessage[] = []
  let before: string | null | undefined
  while (before !== null && !messages.some(({ role }) => role === 'user')) {
    const page = await api.messages(address, PAGE, before)
    if (page === null) return []
    messages = [...page.messages, ...messages]
    before = page.before
  }
  return messages
}

/** Without them the rest is still told. */
async function readContextLimits(
  context: Context,
  { server }: Api,
  { directory, signal }: { readonly directory: string; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, number>> {
  try {
    return await withDeadline(LIMITS_MS, signal, (limited) => context.api(server, limited).contextLimits(directory))
  } catch {
    signal.throwIfAborted()
    return new Map()
  }
}
