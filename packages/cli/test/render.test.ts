import { describe, expect, it } from '@jest/globals'
import type { AgentRequest, AnswerDocument, BackendStatus, WaitDocument } from '@orch/core'
import { command as abandon } from '../src/commands/abandon.ts'
import { command as adopt } from '../src/commands/adopt.ts'
import { command as answer } from '../src/commands/answer.ts'
import { command as check } from '../src/commands/check.ts'
import { command as clean } from '../src/commands/clean.ts'
import { command as complete } from '../src/commands/complete.ts'
import { command as doctor } from '../src/commands/doctor.ts'
import { command as interrupt } from '../src/commands/interrupt.ts'
import { command as phase } from '../src/commands/phase.ts'
import { command as resume } from '../src/commands/resume.ts'
import { command as send } from '../src/commands/send.ts'
import { command as server } from '../src/commands/server.ts'
import { command as spawn } from '../src/commands/spawn.ts'
import { command as status } from '../src/commands/status.ts'
import { command as wait } from '../src/commands/wait.ts'
import { agentWith, itemWith, PERMISSION, QUESTION, receiptWith, statusWith, stopWith } from './harness/documents.ts'
import { rendered } from './harness/rendered.ts'

const doc = { apiVersion: 1, warnings: [] } as const
const AT = '2026-11-22T11:59:59.000Z'

const waiting = agentWith({
  id: 'add-search-a2b3',
  state: 'waiting',
  reason: { code: 'PERMISSION', text: 'permission: Run "npm test"' },
  requests: [PERMISSION],
  phase: null,
})

describe('adopt', () => {
  it('prints exactly the id for a program, as spawn does', () => {
    const adopted = { ...doc, adoptable: [], complete: true, backends: [], agent: agentWith(), created: true }
    expect(rendered(adopt, adopted)).toBe('fix-login-7k3q\n-- stderr --\n  → orch attach fix-login-7k3q\n')
    expect(rendered(adopt, adopted, 'terminal')).toContain('a turn runs')
  })
})

describe('clean', () => {
  it('counts open agents, and tells of each only where it was named', () => {
    const open = { removed: false, reason: { code: 'OPEN', text: 'It is idle' }, parts: [], error: null }
    const results = ['a-1', 'b-2'].map((id) => ({ id, ...open }))
    const document = { ...doc, dryRun: false, project: '/p', results }
    expect(rendered(clean, document)).toBe('2 open agents left alone: complete or abandon them first\n')
    expect(rendered(clean, document, 'pipe', { agent: ['a-1', 'b-2'] })).toContain('b-2  stays  It is idle')
  })
})

describe('status', () => {
  it('shows one line per agent, columns aligned', () => {
    expect(rendered(status, statusWith({ agents: [waiting, agentWith()] }))).toMatchInlineSnapshot(`
      "AGENT            STATE    PHASE         BACKEND  SINCE  AGE  WHY
      add-search-a2b3  waiting  -             memory   2m     3h   permission: Run "npm test"
      fix-login-7k3q   working  Implementing  memory   2m     3h   a turn runs
      "
    `)
  })

  it('colours the states and cuts the reason at the width of a terminal', () => {
    const long = agentWith({
      reason: { code: 'X', text: 'a turn runs '.repeat(20) },
    })
    expect(rendered(status, statusWith({ agents: [waiting, long] }), 'terminal')).toMatchInlineSnapshot(`
      "<esc>[2mAGENT            <esc>[0m<esc>[2mSTATE    <esc>[0m<esc>[2mPHASE         <esc>[0m<esc>[2mBACKEND  <esc>[0m<esc>[2mSINCE  <esc>[0m<esc>[2mAGE  <esc>[0m<esc>[2mWHY<esc>[0m
      <esc>[1madd-search-a2b3  <esc>[0m<esc>[33mwaiting  <esc>[0m-             memory   2m     3h   permission: Run "npm test"
      <esc>[1mfix-login-7k3q   <esc>[0m<esc>[32mworking  <esc>[0mImplementing  memory   2m     3h   a turn runs a turn runs a turn runs a …
      "
    `)
  })

  it.each(['pipe', 'terminal'] as const)('cuts what agents call their phase: %s', (where) => {
    const phase = { name: 'p'.repeat(200), note: null, at: '2026-11-22T11:55:00.000Z' }
    const shown = rendered(status, statusWith({ agents: [agentWith({ phase })] }), where)
    expect(shown).toMatch(/(?<!p)p{23}… {2}/)
    expect(shown).not.toContain('p'.repeat(24))
  })

  it('says that there is nothing, and the next action', () => {
    expect(rendered(status, statusWith({}))).toMatchInlineSnapshot(`
      "No agents in /home/ada/shop
      -- stderr --
        → orch spawn "what to do"
      "
    `)
  })

  it('says when the list is partial and why, and names what has no record', () => {
    const partial = statusWith({
      complete: false,
      backends: [
        {
          name: 'far',
          ok: false,
          version: null,
          epoch: null,
          error: { code: 'X', text: 'no answer within 5000 ms' },
          complete: false,
        },
        {
          name: 'unused',
          ok: false,
          version: null,
          epoch: null,
          error: { code: 'NO_SERVER', text: 'none runs' },
          complete: true,
        },
      ],
      agents: [
        agentWith({
          state: 'unknown',
          reason: { code: 'X', text: 'could not look' },
          since: null,
        }),
      ],
      orphans: [{ backend: 'near', id: 'old-task-9x9x', detail: 'window @3' }],
    })
    expect(rendered(status, partial)).toMatchInlineSnapshot(`
      "This list is partial: not everything could be looked at
        far: no answer within 5000 ms
      AGENT           STATE    PHASE         BACKEND  SINCE  AGE  WHY
      fix-login-7k3q  unknown  Implementing  memory   -      3h   could not look
      old-task-9x9x has no record: near, window @3
      "
    `)
    const damaged = statusWith({ complete: false, backends: [{ ...(partial.backends[1] as BackendStatus) }] })
    expect(rendered(status, damaged)).toContain('This list is partial: a record cannot be read\nNo agents')
  })
})

describe('spawn', () => {
  const document = {
    ...doc,
    agent: agentWith(),
    created: true,
    prompt: receiptWith(),
    attachments: [],
    outcome: null,
    answer: null,
  }

  it('prints exactly the id for a program', () => {
    expect(rendered(spawn, document)).toBe('fix-login-7k3q\n')
  })

  it('prints the backend and the next action for a person', () => {
    expect(rendered(spawn, document, 'terminal')).toMatchInlineSnapshot(`
      "<esc>[1mfix-login-7k3q<esc>[0m  started on memory, small
      -- stderr --
        → orch tail -f fix-login-7k3q
      "
    `)
  })

  it('says on stderr that the agent was there already', () => {
    expect(rendered(spawn, { ...document, created: false })).toBe(
      'fix-login-7k3q\n-- stderr --\norch: fix-login-7k3q was there already, working\n',
    )
  })

  it('says on stderr when the delivery of the task is not confirmed', () => {
    const prompt = receiptWith({
      delivery: 'unconfirmed',
      reason: { code: 'X', text: 'the server did not answer' },
    })
    expect(rendered(spawn, { ...document, prompt })).toMatchInlineSnapshot(`
      "fix-login-7k3q
      -- stderr --
      orch: The task is unconfirmed: the server did not answer
      "
    `)
  })
})

it('check shows state, evidence, requests, commits, deliverables and the newest output', () => {
  const document = {
    ...doc,
    agent: { ...waiting, requests: [PERMISSION, QUESTION] },
    git: {
      base: 'aaaa',
      head: 'bbbb',
      branch: 'main',
      commits: [
        {
          hash: 'b1946ac92492d2347c6235b4d2611184',
          subject: 'Fix it',
          at: '2026-11-22T11:00:00Z',
        },
      ],
      dirty: ['src/login.ts'],
      dirtyBefore: 2,
      stat: { files: 2, insertions: 30, deletions: 4 },
    },
    worktree: {
      ...{ path: '/p/.orch/worktrees/fix-login-7k3q', branch: 'orch/fix-login-7k3q', base: 'aaaa' },
      readyAt: '2026-11-22T11:00:00Z',
    },
    verify: ['npm', 'run', 'a "b'],
    skill: 'careful',
    deliverables: [
      { path: 'docs/login.md', exists: true },
      { path: 'CHANGELOG.md', exists: false },
    ],
    workspaceText: null,
    tail: [
      itemWith({ role: 'user', text: 'Fix the login redirect' }),
      itemWith({ kind: 'reasoning', text: 'It is the cookie' }),
      itemWith({
        kind: 'tool',
        text: null,
        tool: {
          name: 'bash',
          status: 'error',
          input: 'npm test',
          output: '1 failed',
          durationMs: 1234,
        },
      }),
      itemWith(),
    ],
    turns: null,
    queue: [],
    chain: [
      { source: 'process' as const, detail: 'process 7 runs', at: AT, reason: { code: 'ALIVE', text: 'It lives' } },
      { source: 'hook' as const, detail: 'asked for\x1b[31m a permission', at: AT, reason: null },
      {
        source: 'file' as const,
        detail: 'notes "busy"',
        at: AT,
        reason: { code: 'STALE', text: 'That process is gone' },
      },
    ],
  }
  expect(rendered(check, document)).toMatchInlineSnapshot(`
    "add-search-a2b3  waiting  permission: Run "npm test"
      api: session busy (2026-11-22T11:59:59.000Z)
    permission  Run "npm test"  asked 1m ago
      bash: npm test
      - Allow once
      - Allow always
      - Refuse
      → orch answer add-search-a2b3 (--allow | --always | --deny) --request per_1
    question (from explorer)  Which database?
      - PostgreSQL
      - SQLite
      → this one cannot be answered from here
    task       Fix the login redirect
    backend    memory, small
    skill      careful
    verified   by npm run 'a "b'
    directory  /home/ada/shop
    branch     main
    workspace  /home/ada/shop/.orch/workspace/fix-login-7k3q
    spawned    3h ago
    active     2s ago
    tokens     1200 in, 340 out
    worktree   /p/.orch/worktrees/fix-login-7k3q
    git        1 new commit and 1 changed file since the spawn (+30 -4 in 2 files), 2 files dirty before
      b1946ac9 Fix it
      changed src/login.ts
    present  docs/login.md
    missing  CHANGELOG.md
    Newest output:
    > Fix the login redirect
    It is the cookie
    [error] bash npm test (1.2 s)
        1 failed
    The redirect is fixed.
    "
  `)
  const explained = rendered(check, document, 'pipe', { explain: true })
  expect(explained.split('\n').slice(1, 4)).toEqual([
    `           process: process 7 runs (${AT}): It lives`,
    `  decided  hook: asked for a permission (${AT})`,
    `           file: notes "busy" (${AT}): That process is gone`,
  ])
})

describe('send', () => {
  it.each(['confirmed', 'queued', 'accepted', 'unconfirmed', 'refused'] as const)('shows %s', (delivery) => {
    const reason = delivery === 'refused' ? { code: 'WAITING', text: 'the agent waits on a permission' } : null
    const document = {
      ...doc,
      agent: 'fix-login-7k3q',
      receipt: receiptWith({ delivery, reason }),
      attachments: [],
      outcome: null,
      answer: null,
    }
    expect(rendered(send, document)).toMatchSnapshot()
  })
})

describe('wait', () => {
  const document: WaitDocument = {
    ...doc,
    outcome: 'waiting',
    until: ['done'],
    phase: null,
    mode: 'all',
    first: null,
    waitedMs: 65_000,
    agents: [
      { met: false, agent: waiting },
      { met: true, agent: agentWith({ state: 'done' }) },
    ],
  }

  it('shows how it ended, every agent, and how to answer what is open', () => {
    expect(rendered(wait, document)).toMatchInlineSnapshot(`
      "An agent needs an answer after 1m
      add-search-a2b3  waiting  permission: Run "npm test"
      permission  Run "npm test"  asked 1m ago
        bash: npm test
        - Allow once
        - Allow always
        - Refuse
        → orch answer add-search-a2b3 (--allow | --always | --deny) --request per_1
      fix-login-7k3q  done  a turn runs
      "
    `)
  })
})

const EDIT: AgentRequest = {
  ...PERMISSION,
  text: 'edit: /shop/a.txt',
  detail: { permission: 'edit', filepath: '/shop/a.txt', diff: '-old\n+new\u001b[31m\n', url: 'https://example.com' },
}

it.each([
  ['completed', 'An agent was completed meanwhile after 1m'],
  ['abandoned', 'An agent was abandoned meanwhile after 1m'],
  ['active', 'An agent is done after 1m'],
] as const)('wait says of an agent that is %s: %s', (lifecycle, line) => {
  const agents = [{ met: false, agent: agentWith({ state: 'done', lifecycle }) }]
  const document = { ...doc, until: [], phase: 'Testing', mode: 'all', first: null, waitedMs: 65_000, agents } as const
  expect(rendered(wait, { ...document, outcome: 'closed' }).split('\n')[0]).toBe(line)
})

it('answer names the agent when the request it answers is not known any more', () => {
  const document = { ...doc, agent: 'fix-login-7k3q', request: null, requests: [], receipt: null } as const
  const reply = { choice: 'allow', text: null }
  expect(rendered(answer, { ...document, reply, result: 'already' })).toBe('Already answered  fix-login-7k3q\n')
})

describe('answer', () => {
  const base: AnswerDocument = {
    ...doc,
    agent: 'fix-login-7k3q',
    request: PERMISSION,
    requests: [],
    reply: { choice: 'allow', text: null },
    result: 'answered',
    receipt: null,
  }

  it.each<[string, Partial<AnswerDocument>]>([
    ['what was answered and what is still open', { requests: [QUESTION] }],
    ['that it was answered already', { result: 'already' }],
    ['that the request is gone', { result: 'gone' }],
    ['what is open', { result: 'listed', request: null, requests: [PERMISSION, QUESTION] }],
    ['how far a grant reaches', { reply: { choice: 'always', text: null } }],
    ['a difference and an address', { result: 'listed', request: null, requests: [EDIT] }],
    ['that nothing is open', { result: 'listed', request: null }],
    ['the receipt of an answer that is sent as a message', { receipt: receiptWith({ delivery: 'queued' }) }],
  ])('shows %s', (_name, changes) => {
    expect(rendered(answer, { ...base, ...changes })).toMatchSnapshot()
  })
})

it('interrupt shows what was ended and the state after it', () => {
  const agent = agentWith({
    state: 'idle',
    reason: { code: 'INTERRUPTED', text: 'the turn was interrupted' },
  })
  const evidence = agent.evidence
  expect(rendered(interrupt, { ...doc, agent, interrupted: true, evidence })).toMatchInlineSnapshot(`
    "Interrupted
      api: session busy (2026-11-22T11:59:59.000Z)
    fix-login-7k3q  idle  the turn was interrupted
    "
  `)
  expect(rendered(interrupt, { ...doc, agent, interrupted: false, evidence: [] })).toMatchInlineSnapshot(`
    "No turn was running
    fix-login-7k3q  idle  the turn was interrupted
    "
  `)
})

it('complete shows every check and the proof of the end', () => {
  const document = {
    ...doc,
    dryRun: false,
    results: [
      {
        id: 'fix-login-7k3q',
        ok: true,
        checks: [
          {
            name: 'phase',
            result: 'pass' as const,
            text: 'the phase is Complete',
          },
        ],
        ...{ verify: null, changes: null, kept: null },
        delivered: {
          how: 'merge' as const,
          head: 'c0ffee',
          text: 'Merged 1 commit into "main" (c0ffee)',
          place: null,
          at: '2026-11-22T12:00:00.000Z',
        },
        stop: stopWith(true),
        lifecycle: 'completed' as const,
        error: null,
      },
      {
        id: 'add-search-a2b3',
        ok: false,
        checks: [
          {
            name: 'requests',
            result: 'fail' as const,
            text: 'one request is open',
            hint: 'Answer it with "orch answer add-search-a2b3"',
          },
          {
            name: 'verify',
            result: 'fail' as const,
            text: '"npm test" ended with exit code 1',
            hint: 'Read it',
          },
        ],
        ...{ changes: null, kept: null },
        verify: {
          ...{
            command: ['npm', 'test'],
            exitCode: 1,
            signal: null,
            timedOut: false,
            durationMs: 1200,
          },
          ...{ output: '/w/verify.log', tail: ['not ok 1', '\x1b[2Jnot ok 2'] },
        },
        delivered: null,
        stop: null,
        lifecycle: 'active' as const,
        error: null,
      },
    ],
  }
  expect(rendered(complete, document)).toMatchInlineSnapshot(`
    "fix-login-7k3q  completed
      pass       phase: the phase is Complete
      Merged 1 commit into "main" (c0ffee)
      ended, proven by
      process: process 4711 is gone (2026-11-22T12:00:00.000Z)
    add-search-a2b3  not completed
      fail       requests: one request is open
      fail       verify: "npm test" ended with exit code 1
                 not ok 1
                 not ok 2
      → Answer it with "orch answer add-search-a2b3"
    -- stderr --
      → Mend what failed, or use "orch complete --force"
    "
  `)
  expect(rendered(complete, { ...document, dryRun: true })).toMatchInlineSnapshot(`
    "fix-login-7k3q  can be completed
      pass       phase: the phase is Complete
      Merged 1 commit into "main" (c0ffee)
      ended, proven by
      process: process 4711 is gone (2026-11-22T12:00:00.000Z)
    add-search-a2b3  cannot be completed
      fail       requests: one request is open
      fail       verify: "npm test" ended with exit code 1
                 not ok 1
                 not ok 2
      → Answer it with "orch answer add-search-a2b3"
    "
  `)
})

it('complete offers no --force to one whose work cannot be handed over', () => {
  const nothing = { verify: null, changes: null, kept: null, delivered: null, stop: null, lifecycle: null, error: null }
  const failing = (name: string): string => {
    const checks = [{ name, result: 'fail' as const, text: 'no' }]
    return rendered(complete, { ...doc, dryRun: false, results: [{ ...nothing, id: 'a', ok: false, checks }] })
  }
  expect(failing('changes')).toContain('--force')
  expect(failing('delivery')).not.toContain('--force')
})

it('abandon shows the proof of the end, or the error and its next action', () => {
  const error = {
    code: 'BACKEND_UNREACHABLE' as const,
    message: 'Cannot stop "add-search-a2b3": the server does not answer',
    hint: 'Run "orch doctor"',
    outcome: 'unknown' as const,
    retryable: true,
  }
  const results = [
    { id: 'fix-login-7k3q', ok: true, stop: stopWith(true), error: null },
    { id: 'old-task-9x9x', ok: false, stop: stopWith(false), error: null },
    { id: 'add-search-a2b3', ok: false, stop: null, error },
  ]
  expect(rendered(abandon, { ...doc, results })).toMatchInlineSnapshot(`
    "fix-login-7k3q  abandoned
      ended, proven by
      process: process 4711 is gone (2026-11-22T12:00:00.000Z)
    old-task-9x9x  not abandoned
      its end is not proven
      process: process 4711 is gone (2026-11-22T12:00:00.000Z)
    add-search-a2b3  not abandoned
      Cannot stop "add-search-a2b3": the server does not answer
      → Run "orch doctor"
    "
  `)
})

it('resume shows why each had stopped and that it goes on, or why not', () => {
  const stopped = { code: 'INTERRUPTED', text: 'The server ended while the turn ran' }
  const reason = { code: 'NOT_STOPPED', text: 'It is working: a turn runs' }
  const results = [
    { id: 'fix-login-7k3q', ok: true, stopped, restarted: false, receipt: receiptWith(), error: null },
    { id: 'new-login-2x3y', ok: true, stopped, restarted: true, receipt: receiptWith(), error: null },
    { id: 'old-task-9x9x', ok: true, stopped, restarted: false, receipt: null, error: null },
    { id: 'old-plan-7x7x', ok: true, stopped, restarted: true, receipt: null, error: null },
    {
      ...{ id: 'add-search-a2b3', ok: false, stopped: null, restarted: false, error: null },
      receipt: receiptWith({ delivery: 'refused', reason, evidence: [] }),
    },
  ]
  expect(rendered(resume, { ...doc, dryRun: false, results })).toBe(
    `fix-login-7k3q  confirmed
  transcript: the message is stored (2026-11-22T12:00:00.000Z)
  it had stopped: The server ended while the turn ran
new-login-2x3y  confirmed
  transcript: the message is stored (2026-11-22T12:00:00.000Z)
  it had stopped: The server ended while the turn ran
  its program was started again
old-task-9x9x  can be resumed
  it had stopped: The server ended while the turn ran
old-plan-7x7x  can be resumed; its program is started again
  it had stopped: The server ended while the turn ran
add-search-a2b3  refused  It is working: a turn runs
-- stderr --
  → orch check add-search-a2b3
`,
  )
})

it('phase shows what was set', () => {
  const set = {
    name: 'Testing',
    note: 'half of it',
    at: '2026-11-22T12:00:00.000Z',
  }
  expect(rendered(phase, { ...doc, agent: 'fix-login-7k3q', phase: set })).toBe(
    'fix-login-7k3q: Testing - half of it\n',
  )
})

it('server shows whether it runs, where, and whose it is', () => {
  const found = {
    ok: true,
    version: '1.2.3',
    epoch: 'e1',
    error: null,
    url: 'http://127.0.0.1:4096',
    pid: 4711,
    owner: 'configured' as const,
    evidence: [],
  }
  const none = {
    ...found,
    ok: false,
    version: null,
    url: null,
    pid: null,
    owner: null,
  }
  const error = { code: 'NO_SERVER', text: 'no server was started' }
  expect(
    rendered(server, {
      ...doc,
      backend: 'far',
      action: 'status',
      server: found,
    }),
  ).toMatchInlineSnapshot(`
    "far  runs  1.2.3  http://127.0.0.1:4096  process 4711
      given by the configuration, not started by orch
    "
  `)
  expect(
    rendered(server, {
      ...doc,
      backend: 'far',
      action: 'status',
      server: { ...none, error },
    }),
  ).toMatchInlineSnapshot(`
    "far  does not run
      no server was started
    "
  `)
})

it('server shows since when it runs and where it prints to, and its log line by line', () => {
  const found = {
    ok: true,
    version: '1.2.3',
    epoch: 'e1',
    error: null,
    url: 'http://127.0.0.1:4096',
    pid: 4711,
    owner: 'orch' as const,
    startedAt: '2026-11-22T12:00:00.000Z',
    log: '/state/server.log',
    evidence: [],
  }
  expect(rendered(server, { ...doc, backend: 'far', action: 'status', server: found })).toBe(
    'far  runs  1.2.3  http://127.0.0.1:4096  process 4711\n  since 2026-11-22T12:00:00.000Z\n  prints to /state/server.log\n',
  )
  expect(rendered(server, { apiVersion: 1, type: 'line', backend: 'far', text: 'it \u001b[31mlistens' })).toBe(
    'it listens\n',
  )
})

it.each([
  ['NO_SERVER', 'does not run'],
  ['SERVER_ENDED', 'does not run'],
  ['BACKEND_UNREACHABLE', 'does not answer'],
  ['TIMEOUT', 'does not answer'],
  ['UNAUTHORIZED', 'is not known'],
])('server says of %s that it %s', (code, says) => {
  const found = {
    ok: false,
    version: null,
    epoch: null,
    error: { code, text: 'what was seen' },
    url: null,
    pid: 4711,
    owner: null,
    evidence: [],
  }
  expect(rendered(server, { ...doc, backend: 'far', action: 'status', server: found })).toBe(
    `far  ${says}  process 4711\n  what was seen\n`,
  )
})

it('server that is only known by its number does not answer', () => {
  const found = {
    ok: false,
    version: null,
    epoch: null,
    error: null,
    url: null,
    pid: 4711,
    owner: null,
    evidence: [],
  }
  const document = { ...doc, backend: 'far', action: 'status' as const, server: found }
  expect(rendered(server, document)).toBe('far  does not answer  process 4711\n')
  expect(rendered(server, { ...document, server: { ...found, pid: null } })).toBe('far  is not known\n')
})

it('doctor shows each check and the command that mends it', () => {
  const checks = [
    { name: 'git', result: 'ok' as const, text: 'git 2.39 is on PATH' },
    {
      name: 'tmux',
      result: 'fail' as const,
      text: 'not on PATH',
      fix: 'apt-get install tmux',
    },
  ]
  const repairs = [
    { name: 'modes', text: 'Others may read it', done: false, error: null },
    { name: 'drafts', text: '2 lie there', done: true, error: null },
    { name: 'workspaces', text: 'Git shows them', done: false, error: 'EROFS' },
  ]
  expect(rendered(doctor, { ...doc, ok: false, checks, repairs })).toMatchInlineSnapshot(`
    "ok    git: git 2.39 is on PATH
    fail  tmux: not on PATH
          → apt-get install tmux
    warn  modes: Others may read it
          → orch doctor --fix
    done  drafts: 2 lie there
    warn  workspaces: Git shows them
          it could not be mended: EROFS
    Something needed is missing
    "
  `)
})

describe('text of agents', () => {
  const evil = 'ok\x1b[2J\x1b]0;owned\x07\x9b31m\r\nnext\x00'

  it('reaches no page with terminal control sequences in it', () => {
    const agent = agentWith({
      task: evil,
      branch: evil,
      model: evil,
      reason: { code: 'X', text: evil },
      phase: { name: evil, note: evil, at: null },
      requests: [
        {
          ...PERMISSION,
          text: evil,
          detail: evil,
          choices: [{ id: 'x', label: evil }],
          from: evil,
        },
      ],
      evidence: [{ source: 'api', detail: evil, at: evil }],
    })
    const tool = {
      name: evil,
      status: 'error' as const,
      input: evil,
      output: evil,
      durationMs: null,
    }
    const shown = [
      rendered(
        status,
        statusWith({
          agents: [agent],
          orphans: [{ backend: 'x', id: evil, detail: evil }],
        }),
      ),
      rendered(check, {
        ...doc,
        agent,
        git: {
          base: null,
          head: null,
          branch: null,
          commits: [{ hash: evil, subject: evil, at: '' }],
          dirty: [evil],
          dirtyBefore: 0,
          stat: null,
        },
        worktree: { path: evil, branch: evil, base: evil, readyAt: evil },
        deliverables: [{ path: evil, exists: false }],
        verify: [evil],
        skill: evil,
        workspaceText: evil,
        turns: null,
        chain: [],
        queue: [
          {
            ...{ id: evil, text: evil, at: evil, triedAt: evil, failure: { code: evil, text: evil } },
            attachments: [{ path: evil, mime: evil, name: evil }],
          },
        ],
        tail: [
          itemWith({ text: evil, from: evil }),
          itemWith({ kind: 'tool', tool }),
          itemWith({ kind: 'screen', text: evil }),
        ],
      }),
      rendered(send, {
        ...doc,
        agent: evil,
        receipt: receiptWith(),
        attachments: [{ path: evil, mime: evil, name: evil }],
        outcome: 'met',
        answer: { text: evil, usage: null },
      }),
      rendered(phase, {
        ...doc,
        agent: evil,
        phase: { name: evil, note: evil, at: null },
      }),
    ].join('')
    expect(shown).toContain('ok')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(shown).not.toMatch(/<esc>|[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
    expect(shown).not.toContain('owned')
  })
})
