import {
  type Agent,
  type AgentRequest,
  type Evidence,
  type Item,
  type Receipt,
  STATES,
  type StatusDocument,
  type StopProof,
  type UsageTotal,
} from '@orch/core'

/** The time at which renderings are made in tests. */
export const NOW: number = Date.parse('2026-11-22T12:00:00.000Z')

const evidence: Evidence = { source: 'api', detail: 'session busy', at: '2026-11-22T11:59:59.000Z' }

/** An agent with everything known; `changes` replace fields. */
export function agentWith(changes: Partial<Agent> = {}): Agent {
  return {
    id: 'fix-login-7k3q',
    task: 'Fix the login redirect',
    project: '/home/ada/shop',
    workspace: '/home/ada/shop/.orch/workspace/fix-login-7k3q',
    directory: '/home/ada/shop',
    branch: 'main',
    backend: 'memory',
    program: null,
    model: 'small',
    permission: null,
    permissionRules: [],
    parent: null,
    labels: {},
    lifecycle: 'active',
    state: 'working',
    reason: { code: 'TURN_RUNNING', text: 'a turn runs' },
    evidence: [evidence],
    since: '2026-11-22T11:58:00.000Z',
    observedAt: '2026-11-22T12:00:00.000Z',
    phase: { name: 'Implementing', note: 'the redirect', at: '2026-11-22T11:55:00.000Z' },
    requests: [],
    lastActivityAt: '2026-11-22T11:59:58.000Z',
    usage: {
      inputTokens: 1200,
      outputTokens: 340,
      reasoningTokens: null,
      cacheReadTokens: null,
      cacheWriteTokens: null,
      costUsd: null,
    },
    exit: null,
    spawnedAt: '2026-11-22T09:00:00.000Z',
    endedAt: null,
    revision: '7',
    capabilities: ['turns', 'requests', 'interrupt', 'transcript'],
    pending: null,
    queued: 0,
    ...changes,
  }
}

/** What three agents used, of one of which not all is known. */
export const TOTAL: UsageTotal = {
  ...{ inputTokens: 1240, outputTokens: 345, reasoningTokens: 12, cacheReadTokens: 800, cacheWriteTokens: 20 },
  ...{ costUsd: 0.0421, agents: 3, unknown: 1 },
}

/** The status of a project without agents; `changes` replace fields. */
export function statusWith(changes: Partial<StatusDocument>): StatusDocument {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as StatusDocument['counts']
  return {
    apiVersion: 1,
    warnings: [],
    project: '/home/ada/shop',
    complete: true,
    backends: [],
    counts,
    agents: [],
    orphans: [],
    usage: TOTAL,
    usageByProject: [{ project: '/home/ada/shop', usage: TOTAL }],
    ...changes,
  }
}

/** A permission request. */
export const PERMISSION: AgentRequest = {
  id: 'per_1',
  kind: 'permission',
  text: 'Run "npm test"',
  detail: 'bash: npm test',
  choices: [
    { id: 'allow', label: 'Allow once' },
    { id: 'always', label: 'Allow always' },
    { id: 'deny', label: 'Refuse' },
  ],
  since: '2026-11-22T11:59:00.000Z',
  from: null,
  answerable: true,
}

/** A question of a subagent that only a person at its screen can answer. */
export const QUESTION: AgentRequest = {
  id: 'que_1',
  kind: 'question',
  text: 'Which database?',
  detail: null,
  choices: [
    { id: '0', label: 'PostgreSQL' },
    { id: '1', label: 'SQLite' },
  ],
  since: null,
  from: 'explorer',
  answerable: false,
}

/** A receipt; `changes` replace fields. */
export function receiptWith(changes: Partial<Receipt> = {}): Receipt {
  return {
    messageId: 'msg_1',
    delivery: 'confirmed',
    reason: null,
    evidence: [{ source: 'transcript', detail: 'the message is stored', at: '2026-11-22T12:00:00.000Z' }],
    at: '2026-11-22T12:00:00.000Z',
    ...changes,
  }
}

/** A finished message of the agent; `changes` replace fields. */
export function itemWith(changes: Partial<Item> = {}): Item {
  return {
    id: 'item_1',
    kind: 'message',
    role: 'assistant',
    text: 'The redirect is fixed.',
    tool: null,
    truncated: false,
    final: true,
    at: '2026-11-22T11:59:00.000Z',
    from: null,
    ...changes,
  }
}

/** The proof that an agent has ended, or that it is not known. */
export function stopWith(proven: boolean): StopProof {
  return {
    proven,
    evidence: [{ source: 'process', detail: 'process 4711 is gone', at: '2026-11-22T12:00:00.000Z' }],
  }
}
