import type { AgentRecord } from '../../registry/record.ts'

const AT = '2026-01-02T03:04:05.678Z'

/** A sound record of an agent that runs, with something in every field that can hold it, and these fields instead. */
export function sampleRecord(fields: Partial<AgentRecord> & { readonly id: string }): AgentRecord {
  return {
    lifecycle: 'active',
    task: 'Fix the login',
    project: '/home/someone/project',
    directory: '/home/someone/project/src',
    workspace: `/home/someone/project/.orch/workspace/${fields.id}`,
    branch: 'main',
    base: '0123456789abcdef0123456789abcdef01234567',
    backend: 'sample',
    program: 'agent',
    programSpec: { name: 'agent', command: 'agent', args: ['--yes', ''], env: { MODE: 'auto' }, promptBy: 'send' },
    model: 'vendor/model',
    mode: 'build',
    permission: 'ask',
    parent: null,
    labels: { team: 'web' },
    key: 'nightly',
    owner: { host: 'machine', bootId: null, pid: 4711, startTime: '12345' },
    target: { server: 'one' },
    handle: { key: 'k', nested: [1, 2.5, true, null, { deep: [] }] },
    facts: null,
    beginAt: AT,
    prompt: {
      messageId: 'm-1',
      delivery: 'confirmed',
      reason: null,
      evidence: [{ source: 'api', detail: 'stored', at: AT }],
      at: AT,
    },
    failure: null,
    exit: { code: null, signal: 'SIGTERM' },
    attempts: [{ id: 'm-2', at: AT }],
    answered: ['r-1'],
    spawnedAt: AT,
    endedAt: null,
    ...fields,
  }
}
