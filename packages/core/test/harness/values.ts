import type { AgentRequest, Evidence, Reason } from '../../src/agent.ts'
import { type Field, NOT_SHOWN, type Observation } from '../../src/backend.ts'
import type { AgentRecord } from '../../src/registry/record.ts'

const AT = '2026-01-02T03:04:05.000Z'

/** A sound record of an agent that runs, with these fields instead. */
export function record(fields: Partial<AgentRecord> = {}): AgentRecord {
  const id = fields.id ?? 'fix-login-7k3q'
  return {
    id,
    lifecycle: 'active',
    task: 'Fix the login',
    project: '/project',
    directory: '/project',
    workspace: `/project/.orch/workspace/${id}`,
    branch: null,
    base: null,
    backend: 'memory',
    program: null,
    programSpec: null,
    model: null,
    mode: null,
    permission: null,
    parent: null,
    labels: {},
    key: null,
    owner: null,
    target: { server: 'one' },
    handle: { key: 'k' },
    facts: null,
    beginAt: AT,
    prompt: null,
    failure: null,
    exit: null,
    attempts: [],
    answered: [],
    spawnedAt: AT,
    endedAt: null,
    ...fields,
  }
}

/** Something that was seen. */
export function known<T>(value: T, detail = 'seen'): Field<T> {
  return { known: true, value, evidence: evidence(detail) }
}

/** Something that could not be looked at. */
export function unknown(code = 'TIMED_OUT'): { readonly known: false; readonly reason: Reason } {
  return { known: false, reason: { code, text: `It is ${code}` } }
}

/** Something this agent never shows. */
export function hidden(): { readonly known: false; readonly reason: Reason } {
  return unknown(NOT_SHOWN)
}

/** Evidence that says `detail`. */
function evidence(detail: string): Evidence {
  return { source: 'api', detail, at: AT }
}

/** What is seen of a living agent whose first turn ended, with these fields instead. */
export function observation(fields: Partial<Observation> = {}): Observation {
  return {
    id: 'fix-login-7k3q',
    at: AT,
    existence: known('present', 'existence'),
    process: known({ alive: true, exit: null }, 'process'),
    turn: known({ status: 'ended', how: 'completed', at: AT, reason: null }, 'turn'),
    requests: known([], 'requests'),
    lastActivityAt: known(AT),
    usage: unknown(),
    ...fields,
  }
}

/** An open permission request. */
export function request(fields: Partial<AgentRequest> = {}): AgentRequest {
  return {
    id: 'r1',
    kind: 'permission',
    text: 'Run "make"',
    detail: null,
    choices: [{ id: 'allow', label: 'Allow' }],
    since: AT,
    from: null,
    answerable: true,
    ...fields,
  }
}
