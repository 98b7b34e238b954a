import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { claudeEntries } from '../../src/transcripts/claude-transcript.ts'
import { readConversations } from '../../src/transcripts/read-conversations.ts'
import { readTranscriptPage, type Transcript } from '../../src/transcripts/read-transcript.ts'
import { TranscriptFollower } from '../../src/transcripts/transcript-follower.ts'

const scope = perTest()
let transcript: Transcript

beforeEach(async () => {
  const { path } = await scope.use(temporaryFolder())
  transcript = { path: join(path, 'session.jsonl'), entriesOf: claudeEntries }
  writeFileSync(transcript.path, '')
})

const at = '2026-11-29T12:18:02.000Z'
const line = (uuid: string, role: string, content: unknown, timestamp = at): string =>
  `${JSON.stringify({ type: role, uuid, timestamp, message: { role, content } })}\n`
const said = (text: string, uuid = text): string => line(uuid, 'assistant', [{ type: 'text', text }])
const call = line('c', 'assistant', [{ type: 'tool_use', id: 't', name: 'Bash', input: { command: 'ls' } }])
const result = line(
  'r',
  'user',
  [{ type: 'tool_result', tool_use_id: 't', content: 'a.txt' }],
  '2026-11-29T12:18:03.500Z',
)
const noise = `${JSON.stringify({ type: 'api-request-shape', shape: 'x'.repeat(50_000) })}\n`

const page = (last: number, before: string | null = null): ReturnType<typeof readTranscriptPage> =>
  readTranscriptPage(transcript, { last, before, raw: false })
const texts = (items: readonly { readonly text: string | null }[]): (string | null)[] => items.map(({ text }) => text)

describe('readTranscriptPage()', () => {
  it('reads exactly as many as asked for, and pages back to the beginning', () => {
    const all = Array.from({ length: 60 }, (_, index) => `text ${index}`)
    writeFileSync(transcript.path, all.map((text) => `${noise}${said(text)}`).join(''))
    const pages: (string | null)[][] = []
    for (let before: string | null = null, more = true; more; ) {
      const { items, before: next } = page(7, before)
      pages.unshift(texts(items))
      before = next
      more = next !== null
    }
    expect(pages.flat()).toEqual(all)
    expect(pages.slice(1).map(({ length }) => length)).toEqual(Array(8).fill(7))
  })

  it('pages within a line that says several things', () => {
    const blocks = ['one', 'two', 'three'].map((text) => ({ type: 'text', text }))
    writeFileSync(transcript.path, `${said('zero')}${line('u', 'assistant', blocks)}`)
    const { items, before } = page(2)
    expect(texts(items)).toEqual(['two', 'three'])
    expect(texts(page(2, before).items)).toEqual(['zero', 'one'])
    expect(page(2, before).before).toBeNull()
  })

  it('shows a call with its result, where it was made', () => {
    writeFileSync(transcript.path, `${call}${said('meanwhile')}${result}`)
    expect(page(2).items).toMatchObject([
      {
        id: 't',
        kind: 'tool',
        final: true,
        tool: { status: 'completed', input: 'ls', output: 'a.txt', durationMs: 1500 },
      },
      { text: 'meanwhile' },
    ])
  })

  it('passes over what is broken, unfinished or hostile', () => {
    writeFileSync(transcript.path, `{"type":"user"\n${result}${said('red \u001b[31m')}${said('half').slice(0, -5)}`)
    expect(texts(page(5).items)).toEqual(['red '])
  })

  it('refuses what is no cursor, and is empty where there is no file', () => {
    expect(() => page(1, 'x')).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(
      readTranscriptPage({ ...transcript, path: '/nowhere' }, { last: 1, before: null, raw: false }).items,
    ).toEqual([])
  })
})

describe('readConversations()', () => {
  it('pages through all of them as through one, and its cursors hold while more is said and begun', () => {
    const all = ['a', 'b', 'c'].map((name) => ({ ...transcript, path: `${transcript.path}.${name}` }))
    const [first, second, third] = all as [Transcript, Transcript, Transcript]
    writeFileSync(first.path, ['1', '2', '3'].map((text) => said(text)).join(''))
    writeFileSync(second.path, noise)
    writeFileSync(third.path, ['4', '5'].map((text) => said(text)).join(''))
    const read = (known: readonly Transcript[], last: number, before: string | null): ReturnType<typeof page> =>
      readConversations(known, { last, before, raw: false })
    for (const size of [1, 2, 3, 5, 9]) {
      const pages: (string | null)[][] = []
      for (let before: string | null = null, more = true; more; ) {
        const { items, before: next } = read(all, size, before)
        pages.unshift(texts(items))
        before = next
        more = next !== null
      }
      expect(pages.flat()).toEqual(['1', '2', '3', '4', '5'])
    }
    const { before } = read([first], 2, null)
    writeFileSync(first.path, said('later'), { flag: 'a' })
    expect(texts(read(all, 9, before).items)).toEqual(['1'])
    expect(() => read([second], 1, before)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => read(all, 1, '12.0')).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})

describe('TranscriptFollower', () => {
  async function started(): Promise<TranscriptFollower> {
    const follower = new TranscriptFollower('agent', { find: () => transcript, raw: false })
    await follower.start()
    return follower
  }

  it('tells what was added, each line once it is whole', async () => {
    writeFileSync(transcript.path, said('before'))
    const follower = await started()
    expect((await follower.read()).items).toEqual([])
    const next = said('after')
    appendFileSync(transcript.path, next.slice(0, 20))
    expect((await follower.read()).items).toEqual([])
    appendFileSync(transcript.path, next.slice(20))
    expect(texts((await follower.read()).items)).toEqual(['after'])
    expect((await follower.read()).items).toEqual([])
  })

  it('tells the end of a call that was open before', async () => {
    writeFileSync(transcript.path, call)
    const follower = await started()
    appendFileSync(transcript.path, result)
    expect((await follower.read()).items).toMatchObject([{ id: 't', tool: { output: 'a.txt' } }])
  })

  it('goes on in the next transcript, from its beginning, once it has read the one before to its end', async () => {
    writeFileSync(transcript.path, said('old'))
    const follower = await started()
    appendFileSync(transcript.path, said('last of old'))
    transcript = { ...transcript, path: `${transcript.path}.next` }
    writeFileSync(transcript.path, said('new'))
    const first = await follower.read()
    expect([texts(first.items), first.more]).toEqual([['last of old'], true])
    expect(texts((await follower.read()).items)).toEqual(['new'])
    expect(await follower.read()).toMatchObject({ items: [], more: false })
  })

  it('takes a line of any length', async () => {
    const follower = await started()
    appendFileSync(transcript.path, `${said('x'.repeat(9_000_000), 'long')}${said('next')}`)
    const { items } = await follower.read()
    expect(items.map(({ id, truncated }) => [id, truncated])).toEqual([
      ['long.0', true],
      ['next.0', false],
    ])
  })
})
