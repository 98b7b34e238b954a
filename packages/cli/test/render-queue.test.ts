import { expect, it } from '@jest/globals'
import type { CheckDocument, QueuedMessage } from '@orch/core'
import { command as check } from '../src/commands/check.ts'
import { command as status } from '../src/commands/status.ts'
import { agentWith, statusWith } from './harness/documents.ts'
import { rendered } from './harness/rendered.ts'

const WAITS: QueuedMessage = {
  id: 'm1',
  text: 'Now\nthe docs',
  at: '2026-11-22T11:50:00.000Z',
  triedAt: null,
  failure: null,
}

it('check shows how each message for an idle agent stands', () => {
  const triedAt = '2026-11-22T11:59:00.000Z'
  const queue = [
    {
      ...WAITS,
      triedAt,
      failure: { code: 'GONE', text: 'The session is gone' },
    },
    { ...WAITS, triedAt },
    { ...WAITS, attachments: [{ path: '/x/a\nb.png', mime: 'image/png', name: 'a\nb.png' }] },
  ]
  const document: CheckDocument = {
    ...{ apiVersion: 1, warnings: [], agent: agentWith({ queued: 3 }) },
    ...{
      git: null,
      worktree: null,
      deliverables: [],
      verify: null,
      skill: null,
      workspaceText: null,
      tail: [],
      turns: null,
      queue,
      chain: [],
    },
  }
  expect(rendered(check, document).split('\n').slice(2, 6).join('\n')).toMatchInlineSnapshot(`
    "not delivered: The session is gone  Now the docs
    unconfirmed, handed over 1m ago  Now the docs
    waits for idle since 10m  Now the docs + a b.png
      → Look with "orch tail fix-login-7k3q" before you send it again"
  `)
})

it.each([
  [0, 'a turn runs'],
  [1, 'a turn runs (1 message for when it is idle)'],
  [2, 'a turn runs (2 messages for when it is idle)'],
])('status says that %i messages wait for an agent', (queued, why) => {
  const lines = rendered(status, statusWith({ agents: [agentWith({ queued })] })).split('\n')
  expect(lines[1]?.endsWith(` ${why}`)).toBe(true)
})
