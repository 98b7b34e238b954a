import { describe, expect, it } from '@jest/globals'
import type { Evidence, Finding } from '../../src/agent.ts'
import type { Observation } from '../../src/backend.ts'
import { chainOfEvidence } from '../../src/state/chain-of-evidence.ts'
import { NO_REPORT } from '../../src/workspace/report.ts'

const AT = '2026-11-22T12:00:00.000Z'
const seen = (source: Evidence['source'], detail: string): Evidence => ({ source, detail, at: AT })
const hidden = { known: false, reason: { code: 'NOT_SHOWN', text: 'It is not shown' } } as const
const alive = seen('process', 'it runs')
const told = seen('hook', 'told of "Stop"')
const page = seen('file', 'WORKSPACE.md')

const observation: Observation = {
  id: 'a',
  at: AT,
  existence: { known: true, value: 'present', evidence: alive },
  process: { known: true, value: { alive: true, exit: null }, evidence: alive },
  turn: { known: true, value: { status: 'none' }, evidence: told },
  requests: hidden,
  lastActivityAt: hidden,
  usage: hidden,
}

describe('chainOfEvidence()', () => {
  it('has everything that was seen once, and marks what decided', () => {
    expect(chainOfEvidence([told], observation, NO_REPORT)).toEqual([
      { ...alive, reason: { code: 'OUTRANKED', text: expect.any(String) } },
      { ...told, reason: null },
    ])
  })

  it('keeps what the backend says of what did not decide, and its order', () => {
    const stale = { code: 'STALE', text: 'It is gone' }
    const looked: Finding[] = [
      { ...told, reason: { code: 'OUTRANKED', text: 'Never shown' } },
      { ...seen('file', 'busy'), reason: stale },
    ]
    expect(chainOfEvidence([told], { ...observation, looked }, NO_REPORT)).toEqual([
      { ...told, reason: null },
      { ...seen('file', 'busy'), reason: stale },
    ])
  })

  it('ends with the page of the agent, which decides when it says Complete', () => {
    const report = { ...NO_REPORT, evidence: [page], phase: { name: 'Complete', note: null, at: AT } }
    const chain = chainOfEvidence([page], observation, report)
    expect(chain.at(-1)).toEqual({ ...page, reason: null })
    expect(chain.filter(({ reason }) => reason === null)).toHaveLength(1)
    expect(chainOfEvidence([told], observation, report).at(-1)).toMatchObject({ reason: { code: 'NO_STATE' } })
  })

  it('begins with what decided where nobody looked', () => {
    const closed = seen('record', 'lifecycle completed')
    expect(chainOfEvidence([closed], null, NO_REPORT)).toEqual([{ ...closed, reason: null }])
  })
})
