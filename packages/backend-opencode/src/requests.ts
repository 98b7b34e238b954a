import { type AgentRequest, type Choice, type JsonObject, sanitize } from '@orch/core'
import type { OpenRequest } from './parse.ts'
import type { Part } from './parse-message.ts'

/**
 * What the server is told for each choice of a permission. Its own `always` would hold for every session in the directory
 * until it restarts, over their rules: orch grants once and adds a rule to the agent's own session.
 */
export const PERMISSION_REPLIES: Readonly<Record<string, 'once' | 'reject'>> = {
  allow: 'once',
  always: 'once',
  deny: 'reject',
}

/** Ids count time in 1/4096 milliseconds, of which 48 bits are kept. */
export const ID_PERIOD_MS: number = 2 ** 36

/** A request of the server as core knows requests. @param from title of the subagent that asks, or `null`. */
export function toAgentRequest(request: OpenRequest, from: string | null, now: number): AgentRequest {
  const isPermission = request.kind === 'permission'
  const since = requestTime(request.id, now)
  return {
    id: request.id,
    kind: request.kind,
    text: sanitize(isPermission ? permissionText(request) : request.questions.map(({ text }) => text).join('\n')),
    detail: isPermission ? permissionDetail(request) : null,
    choices: isPermission ? permissionChoices(request, from !== null) : questionChoices(request),
    since: since === null ? null : new Date(since).toISOString(),
    from,
    answerable: true,
  }
}

/** When the server made this id, milliseconds since 1970, at most `now`; `null` when it cannot be read. */
export function requestTime(id: string, now: number): number | null {
  const hex = /^[a-z]+_([0-9a-f]{12})/.exec(id)?.[1]
  if (hex === undefined) return null
  const made = Math.floor(Number.parseInt(hex, 16) / 4096)
  return now - ((((now - made) % ID_PERIOD_MS) + ID_PERIOD_MS) % ID_PERIOD_MS)
}

/**
 * What became of a request that is not open any more, told by the innermost tool call that waited on it: somebody answered
 * it, or it went with its turn.
 * @param parts of the agent's session and its subagents'; a call that only says it still runs is not among them
 */
export function closedRequest(id: string, parts: readonly Part[], now: number): 'already' | 'gone' {
  const asked = requestTime(id, now)
  if (asked === null) return 'gone'
  const inOrder = parts.toSorted((one, other) => (one.startedAt ?? 0) - (other.startedAt ?? 0))
  const waited = inOrder.findLast(
    ({ tool, startedAt, endedAt }) =>
      tool !== null && startedAt !== null && startedAt <= asked + 50 && (endedAt === null || endedAt >= asked - 1),
  )
  if (waited?.tool === null || waited === undefined) return 'gone'
  const { status, output } = waited.tool
  if (status === 'completed' || status === 'running') return 'already'
  return /\b(rejected|dismissed)\b/.test(output ?? '') ? 'already' : 'gone'
}

/** Patterns of files are relative to the repository's root, or to `/` without one: the whole path says more. */
function permissionText({ permission, patterns, metadata }: OpenRequest): string {
  const { command, filepath } = metadata
  const told = permission === 'external_directory' ? command : (command ?? filepath)
  const what = typeof told === 'string' ? told : patterns.join(', ')
  return what === '' ? permission : `${permission}: ${what}`
}

function permissionDetail({ permission, patterns, metadata }: OpenRequest): JsonObject {
  const shown = ['command', 'filepath', 'parentDir', 'url', 'diff', 'description'].flatMap((name) => {
    const value = metadata[name]
    return typeof value === 'string' ? [[name, sanitize(value)]] : []
  })
  return { permission, patterns: patterns.map(sanitize), ...Object.fromEntries(shown) }
}

function permissionChoices(request: OpenRequest, isSubagent: boolean): Choice[] {
  const always = request.always.length === 0 ? [] : [{ id: 'always', label: alwaysLabel(request, isSubagent) }]
  return [{ id: 'allow', label: 'Allow once' }, ...always, { id: 'deny', label: 'Deny' }]
}

/** Says how far it reaches: a turn that runs holds the rules it began with, and subagents inherit only those of folders. */
function alwaysLabel({ permission, always }: OpenRequest, isSubagent: boolean): string {
  const what = sanitize(`${permission} ${always.join(', ')}`)
  const reach = 'for this agent as long as its session lives, from its next turn on; the turn that runs now asks again'
  if (permission === 'external_directory') return `Allow ${what} ${reach}; subagents it starts from now on do not ask`
  const others = isSubagent ? 'this subagent and new ones ask again too' : 'its subagents ask as before'
  return `Allow ${what} ${reach}, and ${others}`
}

/** Several questions in one request have no common choices: they are answered by text, one line each. */
function questionChoices({ questions }: OpenRequest): Choice[] {
  const [only] = questions
  if (only === undefined || questions.length > 1) return []
  return only.labels.map((label) => ({ id: label, label: sanitize(label) }))
}
