import { type AgentRef, type AnswerResult, type Evidence, OrchError, type Reply } from '@orch/core'
import type { Api } from './client/api.ts'
import type { Context } from './context.ts'
import { familiesOf, familyOf } from './family.ts'
import { seen } from './fields.ts'
import { type Handle, parseHandle } from './handle.ts'
import type { OpenRequest } from './parse.ts'
import type { Part } from './parse-message.ts'
import { closedRequest, PERMISSION_REPLIES, requestTime, toAgentRequest } from './requests.ts'

/** How many of the newest messages are searched for the tool call that waited on a request. */
const NEWEST_MESSAGES = 50

/**
 * Answers one request of the agent or of a subagent of it.
 * @throws OrchError `CHOICE_UNKNOWN` when it does not offer the choice, `REQUEST_NOT_FOUND` when it belongs to another agent.
 */
export async function answer(
  context: Context,
  agent: AgentRef,
  reply: Reply,
  signal: AbortSignal,
): Promise<AnswerResult> {
  const handle = parseHandle(agent.handle)
  if (handle === null) return { result: 'gone', evidence: [seen('it was never recorded where this agent is')] }
  const api = context.api(await context.connector.ensure(agent.target, signal), signal)
  const request = (await api.requests(handle.directory)).find(({ id }) => id === reply.requestId)
  if (request === undefined) return closed(api, handle, reply)
  await checkOwner(api, handle, request)
  const taken = await give(api, handle, request, reply)
  if (!taken) return closed(api, handle, reply)
  const evidence = [seen(`the server took the answer to "${request.id}"`)]
  return {
    result: 'answered',
    evidence: reply.choice === 'always' ? [...evidence, await keep(api, handle, request)] : evidence,
  }
}

async function closed(api: Api, handle: Handle, { requestId }: Reply): Promise<AnswerResult> {
  const now = Date.now()
  const result = closedRequest(requestId, await partsAround(api, handle, requestTime(requestId, now) ?? now), now)
  const how = result === 'already' ? 'was answered before' : 'went with its turn'
  return { result, evidence: [seen(`"${requestId}" is not open any more, it ${how}`)] }
}

/** What the agent and the subagents it had then did; a call says for ever that it runs when its server was killed meanwhile. */
async function partsAround(api: Api, { sessionId, directory }: Handle, asked: number): Promise<Part[]> {
  const [own, all, statuses] = await Promise.all([api.session(sessionId), api.sessions(), api.statuses(directory)])
  const family = own === null ? [] : familyOf(own, familiesOf(all)).filter(({ createdAt }) => createdAt <= asked)
  const isSameServer = api.server.startedAt === null || asked >= api.server.startedAt
  const parts = family.map(async (session): Promise<Part[]> => {
    const page = await api.messages({ sessionId: session.id, directory: session.directory }, NEWEST_MESSAGES)
    const mayRun = isSameServer && statuses.has(session.id)
    return (page?.messages ?? [])
      .flatMap((message) => message.parts)
      .filter(({ tool }) => mayRun || tool?.status !== 'running')
  })
  return (await Promise.all(parts)).flat()
}

/** Grants what a permission is about to the agent for good, and to the subagent that asked: it may be told to go on. */
async function keep(api: Api, handle: Handle, { sessionId, permission, always }: OpenRequest): Promise<Evidence> {
  const rules = always.map((pattern) => ({ permission, pattern, action: 'allow' }))
  const { directory } = handle
  const sessions = [...new Set([handle.sessionId, sessionId])]
  await Promise.all(sessions.map((id) => api.addPermissionRules({ sessionId: id, directory }, rules)))
  return seen(`the rules of ${sessions.map((id) => `"${id}"`).join(' and ')} allow ${permission} ${always.join(', ')}`)
}

async function checkOwner(api: Api, { sessionId }: Handle, { id, sessionId: asker }: OpenRequest): Promise<void> {
  if (asker === sessionId) return
  const sessions = await api.sessions()
  const own = sessions.find((session) => session.id === sessionId)
  if (own !== undefined && familyOf(own, familiesOf(sessions)).some((session) => session.id === asker)) return
  throw new OrchError('REQUEST_NOT_FOUND', `Cannot answer "${id}": it is a request of another session`, {
    hint: 'List the open requests with: orch answer',
  })
}

function give(api: Api, { directory }: Handle, request: OpenRequest, { choice, text }: Reply): Promise<boolean> {
  if (request.kind === 'question')
    return api.replyQuestion(directory, request.id, questionAnswers(request, choice, text))
  if (text !== null) return api.replyPermission(directory, request.id, { reply: 'reject', message: text })
  const reply = PERMISSION_REPLIES[choice ?? '']
  if (reply === undefined || (choice === 'always' && request.always.length === 0)) throw unknownChoice(request, choice)
  return api.replyPermission(directory, request.id, { reply })
}

/** One question takes a choice or any text; several take a text of as many lines, in their order. */
function questionAnswers(request: OpenRequest, choice: string | null, text: string | null): string[][] {
  const { questions } = request
  if (questions.length <= 1) {
    const labels = questions[0]?.labels ?? []
    if (choice !== null && !labels.includes(choice)) throw unknownChoice(request, choice)
    return [[choice ?? text ?? '']]
  }
  const lines = (text ?? '').split('\n').filter((line) => line.trim() !== '')
  if (lines.length === questions.length) return lines.map((line) => [line.trim()])
  throw new OrchError(
    'CHOICE_UNKNOWN',
    `Cannot answer "${request.id}": it asks ${questions.length} questions and got ${lines.length} answers`,
    { hint: `Give ${questions.length} lines of text, one per question` },
  )
}

function unknownChoice(request: OpenRequest, choice: string | null): OrchError {
  const ids = toAgentRequest(request, null, Date.now()).choices.map(({ id }) => `"${id}"`)
  return new OrchError('CHOICE_UNKNOWN', `Cannot answer "${request.id}": it does not offer "${choice}"`, {
    hint: ids.length === 0 ? 'Answer with text' : `Choose one of ${ids.join(', ')}`,
  })
}
