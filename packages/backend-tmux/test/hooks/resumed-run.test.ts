import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { decideTurn } from '../../src/hooks/decide-turn.ts'
import { readEvents } from '../../src/hooks/look-at-hooks.ts'
import { conversationIn, isSilence, resumedEvents } from '../../src/hooks/resumed-run.ts'
import { RunTranscripts } from '../../src/transcripts/run-transcripts.ts'

const current = { session: 's2', transcript: '/t/s2.jsonl' }
let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orch-resumed-'))
  file = join(folder, 'run')
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

it('resumedEvents() tell what is gone on with, that nothing runs, and what was used before', () => {
  const earlier = { conversations: ['/t/s1.jsonl'], subagents: ['/t/a.jsonl'] }
  writeFileSync(file, resumedEvents({ ...current, earlier }))
  const events = readEvents(file)
  expect(conversationIn(events)).toEqual(current)
  expect(isSilence(events)).toBe(true)
  expect(decideTurn(events, null).turn).toMatchObject({ status: 'ended', reason: { code: 'RESUMED' } })
  const run = new RunTranscripts(file)
  expect(run.conversations().map(({ path }) => path)).toEqual(['/t/s1.jsonl', '/t/s2.jsonl'])
  expect(run.subagents()).toEqual(['/t/a.jsonl'])
})

it('isSilence() ends with the first event of the program itself', () => {
  writeFileSync(file, resumedEvents({ ...current, earlier: { conversations: [], subagents: [] } }))
  writeFileSync(file, '1000-7 {"hook_event_name":"SessionStart","source":"resume"}\n', { flag: 'a' })
  expect(isSilence(readEvents(file))).toBe(false)
})
