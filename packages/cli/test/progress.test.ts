import { describe, expect, it } from '@jest/globals'
import { progressOf } from '../src/render/progress.ts'
import { agentWith } from './harness/documents.ts'

describe('progressOf()', () => {
  it('says why one agent is as it is, and of several how many are in which state', () => {
    const one = agentWith({ state: 'queued', reason: { code: 'PLACES_TAKEN', text: 'All 3 places are taken' } })
    expect(progressOf([one])).toBe('fix-login-7k3q is queued: All 3 places are taken')
    const many = (['done', 'idle', 'queued', 'queued', 'working'] as const).map((state) => agentWith({ state }))
    expect(progressOf(many)).toBe('2 of 5 came to rest: 1 idle, 1 working, 2 queued, 1 done')
  })
})
