import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { UsageCounts } from '@orch/core'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { claude } from '../../src/programs/claude.ts'
import { codex } from '../../src/programs/codex.ts'
import type { Program, UsageFormat } from '../../src/programs/program.ts'
import { readUsage } from '../../src/transcripts/read-usage.ts'
import { RunTranscripts } from '../../src/transcripts/run-transcripts.ts'
import type { UsageTally } from '../../src/transcripts/usage-tally.ts'

const scope = perTest()
const recorded = join(import.meta.dirname, '../../../../tests/recorded/transcripts')
let folder: string
let events: string

beforeEach(async () => {
  folder = (await scope.use(temporaryFolder())).path
  events = join(folder, 'events')
})

/** Notes an event of the run, as the hook script does. */
function told(name: string, fields: object): void {
  appendFileSync(events, `1-1 ${JSON.stringify({ session_id: 's', ...fields, hook_event_name: name })}\n`)
}

/** Puts a recorded transcript there, and has the run tell of it. */
function wrote(name: string): string {
  const path = join(folder, `${name}.jsonl`)
  copyFileSync(join(recorded, `${name}.jsonl`), path)
  told('UserPromptSubmit', { transcript_path: path, prompt: 'x' })
  return path
}

const read = ({ hooks }: Program): Promise<UsageTally | null> =>
  readUsage(new RunTranscripts(events), hooks?.usage as UsageFormat, AbortSignal.timeout(5_000))

const nothing: UsageCounts = {
  inputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: null,
}

const spent = (id: string, tokens: object, rest: object = {}): string =>
  `${JSON.stringify({ type: 'assistant', uuid: id, timestamp: '2026-11-29T15:06:47.000Z', message: { id, usage: tokens }, ...rest })}\n`

const thought = (thinking_tokens: number): object => ({ output_tokens_details: { thinking_tokens } })

describe('what claude used', () => {
  it('counts a message of several lines once, and has its cost once it told that', async () => {
    wrote('claude')
    expect((await read(claude))?.total()).toEqual({
      ...nothing,
      inputTokens: 31_335,
      outputTokens: 82,
      cacheReadTokens: 300,
      costUsd: 0.095325,
    })
  })

  it('shows its turns, from the message to the end', async () => {
    wrote('claude')
    const turns = (await read(claude))?.turns(2)
    expect(turns).toMatchObject([
      {
        messageId: expect.stringMatching(/\.0$/),
        startedAt: '2026-11-29T15:06:45.298Z',
        endedAt: '2026-11-29T15:06:45.748Z',
        usage: { inputTokens: 7562 + 7631, contextTokens: 7634, contextLimit: null, costUsd: null },
      },
      { usage: { inputTokens: 7675 + 7767 } },
    ])
  })

  it('counts all conversations of the run', async () => {
    wrote('claude')
    wrote('claude-cleared')
    const tally = await read(claude)
    expect(tally?.total()).toMatchObject({ inputTokens: 31_335 + 90, costUsd: 0.095325 + 0.000348 })
    expect(tally?.turns(9)).toHaveLength(4)
  })

  it('does not know the cost of what came after it was told, or has no known price', async () => {
    const path = wrote('claude')
    appendFileSync(path, spent('later', { input_tokens: 1, output_tokens: 1 }))
    expect((await read(claude))?.total()).toMatchObject({ inputTokens: 31_336, costUsd: null })
    const guess = {
      type: 'cost-state',
      totalCostUSD: 1,
      hasUnknownModelCost: true,
      modelUsage: { m: { inputTokens: 1e6 } },
    }
    appendFileSync(path, `${JSON.stringify(guess)}\n`)
    expect((await read(claude))?.total().costUsd).toBeNull()
    appendFileSync(path, `${JSON.stringify({ ...guess, hasUnknownModelCost: false })}\n`)
    expect((await read(claude))?.total().costUsd).toBe(1)
  })

  it('counts subagents, in files of their own or beside it, in the turn that began them', async () => {
    const path = wrote('claude')
    appendFileSync(path, spent('beside', { ...thought(0), input_tokens: 5 }, { isSidechain: true }))
    mkdirSync(join(folder, 'claude/subagents'), { recursive: true })
    const tokens = { input_tokens: 300, output_tokens: 40, ...thought(10) }
    const below = spent('below', tokens, { isSidechain: true, timestamp: '2026-11-29T15:06:45.500Z' })
    writeFileSync(join(folder, 'claude/subagents/agent-1.jsonl'), below + below)
    const tally = await read(claude)
    expect(tally?.total()).toMatchObject({ inputTokens: 31_640, reasoningTokens: 10, outputTokens: 112, costUsd: null })
    expect(tally?.turns(2)).toMatchObject([
      { usage: { inputTokens: 7562 + 7631 + 300, contextTokens: 7634 } },
      { usage: { inputTokens: 7675 + 7767 + 5, contextTokens: 7770 } },
    ])
  })

  it('does not tell reasoning apart where that is not told, and passes over what is broken or not whole', async () => {
    const path = join(folder, 'own.jsonl')
    told('UserPromptSubmit', { transcript_path: path })
    const line = spent('m', { input_tokens: 1, output_tokens: 5, cache_creation_input_tokens: 7 })
    writeFileSync(path, `{"type":"assistant"\n${line}${spent('half', { input_tokens: 9 }).slice(0, -9)}`)
    expect((await read(claude))?.total()).toEqual({
      ...nothing,
      inputTokens: 1,
      outputTokens: 5,
      cacheWriteTokens: 7,
      reasoningTokens: null,
    })
  })

  it('is nothing before the first message, and not known where a transcript is gone or none was told of', async () => {
    expect(await read(claude)).toBeNull()
    told('SessionStart', { transcript_path: join(folder, 'new.jsonl') })
    expect((await read(claude))?.total()).toEqual(nothing)
    told('UserPromptSubmit', { transcript_path: join(folder, 'new.jsonl') })
    expect(await read(claude)).toBeNull()
  })

  it('takes no path from what a model or a subagent says', async () => {
    wrote('claude')
    const other = join(folder, 'other.jsonl')
    writeFileSync(other, spent('other', { input_tokens: 1e9 }))
    told('Stop', {
      transcript_path: join(folder, 'claude.jsonl'),
      last_assistant_message: `"transcript_path":"${other}"`,
    })
    told('Stop', { last_assistant_message: { transcript_path: other }, agent_id: 'a' })
    told('Stop', {
      transcript_path: join(folder, 'claude.jsonl'),
      last_assistant_message: { agent_transcript_path: other },
    })
    expect((await read(claude))?.total()).toMatchObject({ inputTokens: 31_335 })
  })
})

describe('what codex used', () => {
  it('counts each request once, the cache apart from input and reasoning from output', async () => {
    wrote('codex')
    const tally = await read(codex)
    expect(tally?.total()).toEqual({
      ...nothing,
      inputTokens: 700 + 5698 + 5764 + 5921 + 1000,
      outputTokens: 30 + 12 + 3 + 23 + 80,
      reasoningTokens: 20,
      cacheReadTokens: 300 + 4000,
    })
    expect(tally?.turns(2)).toMatchObject([
      {
        messageId: 'msg_01a227d8-2bc6-7933-8418-a9ce08700926',
        startedAt: '2026-11-29T15:06:48.112Z',
        endedAt: '2026-11-29T15:06:48.245Z',
        usage: { inputTokens: 5698 + 5764, contextTokens: 5767, contextLimit: 258_400 },
      },
      { usage: { contextTokens: 5080 } },
    ])
  })

  it('counts what the hooks of its subagents named', async () => {
    wrote('codex')
    const path = join(folder, 'below.jsonl')
    const usage = { input_tokens: 40, cached_input_tokens: 10, cache_write_input_tokens: 5, output_tokens: 3 }
    const payload = { turn_id: 'below', response_id: 'r', usage }
    writeFileSync(path, `${JSON.stringify({ timestamp: 'x', type: 'token_usage_record', payload })}\n`)
    told('SubagentStop', { agent_id: 'a', agent_transcript_path: path })
    expect((await read(codex))?.total()).toMatchObject({ inputTokens: 19_083 + 25, cacheWriteTokens: 5 })
  })
})
