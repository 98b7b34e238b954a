import { describe, expect, it } from '@jest/globals'
import type { BackendEvent } from '@orch/core'
import { parseSession } from '../src/parse.ts'
import { fields } from '../src/raw.ts'
import { createTranslator } from '../src/translator.ts'
import { recorded } from './support/recorded.ts'

/** What a recorded stream of one session means for its agent. */
async function translated(name: string, content: boolean, times = 1): Promise<BackendEvent[]> {
  const recording = recorded(`events-${name}`) as unknown[]
  const isPart = (event: unknown): boolean => fields(fields(event).payload).type === 'message.part.updated'
  const events = recording.flatMap((event) => (isPart(event) ? Array.from({ length: times }, () => event) : [event]))
  return translatedFrom(events, content)
}

/** The same for events of one session. */
async function translatedFrom(events: readonly unknown[], content = true): Promise<BackendEvent[]> {
  const ids = events.map((event) => fields(fields(fields(event).payload).properties).sessionID)
  const sessionId = ids.find((id) => typeof id === 'string') as string
  const agents = new Map([[sessionId, 'agent']])
  const translator = createTranslator({ agents, directories: new Set(), content, raw: false, lookUp: async () => null })
  const all: BackendEvent[] = []
  for (const event of events) all.push(...(await translator.translate(event)))
  return all
}

const count = (events: readonly BackendEvent[], type: BackendEvent['type']): number =>
  events.filter((event) => event.type === type).length

describe('translate()', () => {
  it('tells of the start and of the end of a turn, once each, whatever happens between', async () => {
    for (const name of ['answer', 'shell', 'queued']) {
      expect([name, await translated(name, false)]).toEqual([
        name,
        [
          { type: 'changed', agent: 'agent' },
          { type: 'changed', agent: 'agent' },
        ],
      ])
    }
  })

  it('tells of retries, of requests and of their answers', async () => {
    expect(count(await translated('retry', false), 'changed')).toBe(4)
    expect(count(await translated('permission-once', false), 'changed')).toBe(4)
    expect(count(await translated('question-reply', false), 'changed')).toBe(4)
  })

  it('tells again when the message ends after the idle status, as it does after an abort or an error', async () => {
    const last = async (name: string): Promise<number> => {
      const events = recorded(`events-${name}`) as unknown[]
      return events.findLastIndex((event) => fields(fields(event).payload).type === 'message.updated')
    }
    for (const name of ['aborted', 'error']) {
      const events = (recorded(`events-${name}`) as unknown[]).slice(0, await last(name))
      const whole = count(await translated(name, false), 'changed')
      expect(events.length).toBeGreaterThan(0)
      expect([name, whole]).toEqual([name, 4])
    }
  })

  it('without content tells no word, with it every part and never a version twice, though parts are sent again', async () => {
    expect(count(await translated('shell', false), 'item')).toBe(0)
    const events = await translated('shell', true, 2)
    const items = events.flatMap((event) => (event.type === 'item' ? [event.item] : []))
    const versions = items.map((item) => JSON.stringify(item))
    expect(new Set(versions).size).toBe(versions.length)
    const tools = items.filter(({ kind }) => kind === 'tool').map(({ tool }) => tool?.status)
    expect(tools).toEqual(expect.arrayContaining(['pending', 'running', 'completed']))
  })

  it('adds up to the whole text, and announces a part before its first delta', async () => {
    const events = await translated('answer', true)
    const texts = new Map<string, string>()
    for (const event of events) {
      if (event.type === 'item') texts.set(event.item.id, event.item.text ?? '')
      if (event.type === 'delta') {
        expect(texts.has(event.itemId)).toBe(true)
        texts.set(event.itemId, `${texts.get(event.itemId)}${event.text}`)
      }
    }
    const kinds = events.flatMap((event) => (event.type === 'item' ? [event.item.kind] : []))
    expect(kinds).toContain('reasoning')
    const finals = events.flatMap((event) => (event.type === 'item' && event.item.final ? [event.item] : []))
    for (const { id, text } of finals) expect(texts.get(id)).toBe(text)
  })

  it('tells no text twice that comes twice, and says so when text comes late', async () => {
    const events = recorded('events-answer') as unknown[]
    const isDelta = (event: unknown): boolean => fields(fields(event).payload).type === 'message.part.delta'
    const twice = await translatedFrom(events.flatMap((event) => (isDelta(event) ? [event, event] : [event])))
    expect(twice).toEqual(await translated('answer', true))
    const [second, third] = events.flatMap((event, index) => (isDelta(event) ? [index] : [])).slice(1)
    const swapped = events
      .with(second as number, events[third as number])
      .with(third as number, events[second as number])
    const told = await translatedFrom(swapped)
    const gap = { type: 'gap', agent: 'agent', reason: { code: 'OUT_OF_ORDER' } }
    expect(told.filter(({ type }) => type === 'gap')).toMatchObject([gap])
    expect(count(told, 'delta')).toBe(count(twice, 'delta') - 1)
  })

  it('is about nobody else', async () => {
    const translator = createTranslator({
      agents: new Map(),
      directories: new Set(),
      content: true,
      raw: false,
      lookUp: async () => null,
    })
    for (const event of recorded('events-permission-once') as unknown[]) {
      expect(await translator.translate(event)).toEqual([])
    }
  })

  it('takes a request of a subagent as one of its agent, whether it was there before or started meanwhile', async () => {
    const agents = new Map([['ses_main', 'agent']])
    const options = { agents, directories: new Set<string>(), content: false, raw: false, lookUp: async () => null }
    const translator = createTranslator(options)
    const asked = (sessionID: string): object => ({ payload: { type: 'permission.asked', properties: { sessionID } } })
    const child = { id: 'ses_child', parentID: 'ses_main', directory: '/project', time: { created: 1, updated: 1 } }
    expect(await translator.translate(asked('ses_child'))).toEqual([])
    translator.reset([parseSession(child)].filter((session) => session !== null))
    expect(await translator.translate(asked('ses_child'))).toEqual([{ type: 'changed', agent: 'agent' }])
    const info = { ...child, id: 'ses_grandchild', parentID: 'ses_child' }
    await translator.translate({ payload: { type: 'session.created', properties: { sessionID: info.id, info } } })
    expect(await translator.translate(asked('ses_grandchild'))).toEqual([{ type: 'changed', agent: 'agent' }])
  })

  it('survives what it does not know', async () => {
    const translator = createTranslator({
      agents: new Map([['s', 'a']]),
      directories: new Set(),
      content: true,
      raw: false,
      lookUp: async () => null,
    })
    for (const event of [null, 1, [], {}, { payload: null }, { payload: { type: 'x', properties: 7 } }]) {
      expect(await translator.translate(event)).toEqual([])
    }
    const part = { payload: { type: 'message.part.updated', properties: { sessionID: 's', part: { id: 1 } } } }
    expect(await translator.translate(part)).toEqual([])
  })
})
