import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Item } from '../../src/agent.ts'
import type { Backend, BackendEvent, ReadQuery } from '../../src/backend.ts'
import type { TailLine } from '../../src/documents.ts'
import { OrchError } from '../../src/errors.ts'
import { send } from '../../src/messages/send.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import type { TailOptions } from '../../src/orchestrator/options.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { tail } from '../../src/transcript/tail.ts'
import { collect, createPlace, interrupted, type Place } from '../harness/place.ts'

const scope = perTest()
const SAY = Array.from({ length: 12 }, (_, index) => `[[answer: line ${index}]]`).join('')
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('tail()', () => {
  it.each([1, 2, 5, 12, 13])('has exactly the newest %d', async (last) => {
    const { orch, id } = await place.spawn(SAY)
    const all = await collect(tail(orch, id, { last: 100 }))
    expect(all).toHaveLength(13)
    const lines = await collect(tail(orch, id, { last }))
    expect(lines.map(itemOf)).toEqual(all.slice(-last).map(itemOf))
    expect(lines[0]).toMatchObject({ apiVersion: 1, type: 'item', agent: id })
    expect(new Set(lines.map((line) => line.type === 'item' && line.cursor)).size).toBe(last)
  })

  it('has exactly so many lines of a program without structure', async () => {
    const { orch, id } = await place.spawn('[[answer: a\nb\nc\nd]]', { memory: { without: ['transcript'] } })
    const lines = await collect(tail(orch, id, { last: 3 }))
    expect(lines.map((line) => itemOf(line)?.text)).toEqual(['b', 'c', 'd'])
  })

  it('has the newest 20 when nobody says', async () => {
    const { orch, id } = await place.spawn(`${SAY}${SAY}`)
    expect(await collect(tail(orch, id))).toHaveLength(20)
  })

  it.each([0, -1, 1.5, Number.NaN, 100_001])('refuses to read %d', async (last) => {
    const { orch, id } = await place.spawn('x')
    await expect(collect(tail(orch, id, { last }))).rejects.toThrow(RangeError)
  })

  it('shows the screen, all of it or its last rows, without what would act on a terminal', async () => {
    const { orch, id } = await place.spawn('[[answer: a\n\u001b[31mb\u001b]0;t\u0007\u001b[2J]]')
    const rows = async (options: TailOptions): Promise<(string | null | undefined)[]> =>
      (await collect(tail(orch, id, { screen: true, ...options }))).map((line) => itemOf(line)?.text)
    expect((await rows({})).slice(-2)).toEqual(['a', 'b'])
    expect(await rows({ last: 1, colors: true })).toEqual(['\u001b[31mb\u001b[0m'])
    await expect(rows({ last: 0 })).rejects.toThrow(RangeError)
    await expect(rows({ follow: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(rows({ since: 'x' })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('refuses the screen of an agent that has none, with what to do instead', async () => {
    const { orch, id } = await place.spawn('x', { memory: { without: ['screen'] } })
    await expect(collect(tail(orch, id, { screen: true }))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: `Read what it says with "orch tail ${id}"`,
    })
  })

  it('reads what an ended and a closed agent left', async () => {
    const { orch, id } = await place.spawn('[[answer: one]][[exit: 3]]')
    expect((await collect(tail(orch, id))).map((line) => itemOf(line)?.text)).toContain('one')
    await complete(orch, [id], { force: true })
    expect((await collect(tail(orch, id))).map((line) => itemOf(line)?.text)).toContain('one')
  })

  it('does not read for ever when a page begins where the one after it did', async () => {
    const { orch, id } = await place.spawn(SAY, {
      wrap: (backend) => ({ ...backend, read: async () => ({ items: [], before: 'same', gap: null }) }),
    })
    await expect(collect(tail(orch, id))).rejects.toMatchObject({ code: 'BAD_ANSWER', agent: id })
  })

  it('says what may be missing', async () => {
    const gap = { code: 'TRUNCATED', text: 'The log was cut' }
    const { orch, id } = await place.spawn('x', {
      wrap: (backend) => ({ ...backend, read: async (...args) => ({ ...(await backend.read(...args)), gap }) }),
    })
    expect((await collect(tail(orch, id)))[0]).toEqual({ apiVersion: 1, type: 'gap', agent: id, reason: gap })
  })

  it('passes on raw, and rejects with what the backend says', async () => {
    const queries: ReadQuery[] = []
    const { orch, id } = await place.spawn('x', {
      wrap: (backend) => ({
        ...backend,
        read: async (_, query) => {
          queries.push(query)
          throw new OrchError('BACKEND_UNREACHABLE', 'Cannot read: no')
        },
      }),
    })
    await expect(collect(tail(orch, id, { raw: true, last: 7 }))).rejects.toMatchObject({
      code: 'BACKEND_UNREACHABLE',
      agent: id,
      backend: 'memory',
    })
    expect(queries).toEqual([{ last: 7, before: null, raw: true }])
  })

  it('says that nothing was made, or that there is no such agent', async () => {
    const orch = await place.open()
    const half = interrupted(orch)
    await orch.registry.create(half)
    for (const id of [half.id, 'nobody-7k3q', '../up'])
      await expect(collect(tail(orch, id))).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' })
  })
})

describe('tail() of reasoning', () => {
  const THOUGHT = '[[answer: one]][[think: hm]][[answer: two]][[think: well]]'
  const PLAIN = [THOUGHT, 'one', 'two']

  it('has it only when asked, and exactly so many items without it', async () => {
    const { orch, id } = await place.spawn(THOUGHT)
    const textsOf = async (options: TailOptions): Promise<unknown> =>
      (await collect(tail(orch, id, options))).map((line) => itemOf(line)?.text)
    expect(await textsOf({})).toEqual([expect.stringContaining(THOUGHT), 'one', 'two'])
    expect(await textsOf({ last: 2 })).toEqual(PLAIN.slice(1))
    expect(await textsOf({ last: 4, reasoning: true })).toEqual(['one', 'hm', 'two', 'well'])
  })

  it.each([false, true])('leaves out what streams of it: with it %s', async (reasoning) => {
    const thought = { ...item('r', '', false), item: { ...item('r', '', false).item, kind: 'reasoning' as const } }
    const script = controlled()
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const lines = following(orch, id, { reasoning })
    await lines.seen((line) => line.type === 'state')
    script.push(thought, delta('r', 'hm'), item('a', 'said'))
    await lines.seen((line) => itemOf(line)?.id === 'a')
    expect(lines.texts().get('r')).toBe(reasoning ? 'hm' : undefined)
  })
})

describe('tail() since a cursor', () => {
  const cursorOf = (line: TailLine | undefined): string => (line?.type === 'item' ? (line.cursor as string) : '')

  it('has exactly what came after any line', async () => {
    const { orch, id } = await place.spawn(`${SAY}${SAY}${SAY}`)
    const all = await collect(tail(orch, id, { last: 100 }))
    for (const [index, line] of all.entries()) {
      const later = await collect(tail(orch, id, { since: cursorOf(line) }))
      expect(later.map(itemOf)).toEqual(all.slice(index + 1).map(itemOf))
    }
  })

  it('has again what was not finished then, wherever it stands, and nothing else', async () => {
    const [a, b, c] = [item('a', 'one').item, item('b', 'half', false).item, item('c', 'three').item]
    const script = controlled({ items: [a, b, c] })
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const cursors = (await collect(tail(orch, id))).map(cursorOf)
    script.items.splice(1, 1, { ...b, text: 'half and more', final: true })
    script.items.push(...Array.from({ length: 50 }, (_, index) => item(`m${index}`, 'x').item))
    const since = async (cursor: string | undefined): Promise<unknown[]> =>
      (await collect(tail(orch, id, { since: cursor }))).map((line) => itemOf(line)?.id)
    const newer = script.items.slice(3).map((one) => one.id)
    expect(await since(cursors[0])).toEqual(['b', 'c', ...newer])
    expect(await since(cursors[1])).toEqual(['b', 'c', ...newer])
    expect(await since(cursors[2])).toEqual(['b', ...newer])
  })

  it('gives up text that was cut off without reading the whole transcript for it', async () => {
    const script = controlled({ items: Array.from({ length: 500 }, (_, index) => item(`${index}`, 'x').item) })
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state')
    script.push(item('cut off', '', false), item('later', 'x'))
    await lines.seen((line) => itemOf(line)?.id === 'later')
    script.items.push(item('later', 'x').item, item('new', 'x').item)
    script.read = 0
    const cursor = cursorOf(lines.all.findLast((line) => line.type === 'item'))
    const since = await collect(tail(orch, id, { since: cursor }))
    expect([since.map((line) => itemOf(line)?.id), script.read]).toEqual([['new'], 20])
  })

  it('goes on from there when it follows', async () => {
    const { orch, id } = await place.spawn(SAY)
    const all = await collect(tail(orch, id))
    await send(orch, id, '[[answer: more]][[exit: 0]]')
    const lines = await collect(tail(orch, id, { since: cursorOf(all.at(-2)), follow: true }))
    expect(lines.map((line) => itemOf(line)?.text ?? line.type).slice(0, 3)).toEqual([
      'line 11',
      '[[answer: more]][[exit: 0]]',
      'more',
    ])
  })

  it('of a live line leaves out what was told', async () => {
    const script = controlled({ items: [item('a', 'one').item] })
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state')
    script.push(item('b', '', false), item('c', 'three'))
    await lines.seen((line) => itemOf(line)?.id === 'c')
    script.items.push(item('b', 'two').item, item('c', 'three').item, item('d', 'four').item)
    const cursor = cursorOf(lines.all.findLast((line) => line.type === 'item'))
    const later = await collect(tail(orch, id, { since: cursor }))
    expect(later.map((line) => itemOf(line)?.text)).toEqual(['two', 'four'])
  })

  it.each(['', 'nonsense', Buffer.from('["nobody"]').toString('base64url')])(
    'refuses what is no cursor of it: "%s"',
    async (since) => {
      const { orch, id } = await place.spawn(SAY)
      await expect(collect(tail(orch, id, { since }))).rejects.toMatchObject({ code: 'USAGE', agent: id })
    },
  )

  it('has all there is, and says so, when the transcript has lost what stood there', async () => {
    const gap = { code: 'TRUNCATED', text: 'The log was cut' }
    const { orch, id } = await place.spawn(SAY, {
      wrap: (backend) => ({ ...backend, read: async (...args) => ({ ...(await backend.read(...args)), gap }) }),
    })
    const since = Buffer.from('["lost"]').toString('base64url')
    const lines = await collect(tail(orch, id, { since }))
    expect(lines.map(({ type }) => type)).toEqual(['gap', ...Array.from({ length: 13 }, () => 'item')])
  })
})

describe('tail() that follows', () => {
  it('has what was, what comes, the states in between, and the end', async () => {
    const { orch, id } = await place.spawn('[[answer: one]][[hang: two]]')
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state' && line.state === 'working')
    place.server.finish(id)
    await lines.seen((line) => line.type === 'state' && line.state === 'idle')
    await send(orch, id, '[[answer: three]][[exit: 0]]')
    await lines.ended
    const texts = [...lines.texts()]
    expect(texts.map(([, text]) => text).slice(1)).toEqual([
      'one',
      'two and done',
      '[[answer: three]][[exit: 0]]',
      'three',
    ])
    const others = lines.all.filter(({ type }) => type === 'state' || type === 'end')
    expect(others.map((line) => ('state' in line ? line.state : line.type))).toEqual([
      'working',
      'idle',
      'exited',
      'end',
    ])
    expect(lines.all.at(-1)).toMatchObject({ type: 'end', agent: id, reason: { code: 'PROCESS_ENDED' } })
  })

  it('begins with exactly so many', async () => {
    const { orch, id } = await place.spawn(`${SAY}[[exit: 0]]`)
    const lines = await collect(tail(orch, id, { last: 3, follow: true }))
    expect(lines.map((line) => itemOf(line)?.text ?? line.type)).toEqual([
      'line 9',
      'line 10',
      'line 11',
      'state',
      'end',
    ])
  })

  it.each(['read:before', 'read:after'])(
    'neither loses nor doubles what is said at %s of its first page',
    async (at) => {
      const { id } = await place.spawn('[[answer: before]]')
      const other = await place.open()
      let first = true
      const barrier = async (point: string): Promise<void> => {
        if (point !== at || !first) return
        first = false
        await send(other, id, '[[answer: meanwhile]]')
        await send(other, id, '[[exit: 0]]')
      }
      const lines = following(await place.open({ memory: { barrier } }), id)
      await lines.ended
      const said = lines.all.map(itemOf).filter((item) => item?.role === 'assistant')
      expect(said.map((item) => item?.text)).toEqual(['before', 'meanwhile'])
    },
  )

  it('puts a text together that was being written when it began', async () => {
    const { orch, id } = await place.spawn('[[hang: half]]')
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state')
    place.server.finish(id)
    await lines.seen((line) => line.type === 'state' && line.state === 'idle')
    expect([...lines.texts().values()].at(-1)).toBe('half and done')
  })

  it.each<readonly [string, (orch: Orch, id: string) => unknown, string]>([
    ['completed', (orch, id) => complete(orch, [id], { force: true }), 'COMPLETED'],
    ['abandoned', (orch, id) => abandon(orch, [id]), 'ABANDONED'],
    ['killed with its server', () => place.server.kill(), 'SERVER_OVER'],
    ['ended by a signal', (_, id) => place.server.exit(id, { code: null, signal: 'SIGKILL' }), 'PROCESS_FAILED'],
  ])('ends when the agent is %s', async (_, act, code) => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    const lines = following(await place.open(), id)
    await lines.seen((line) => line.type === 'state')
    await act(orch, id)
    await lines.ended
    expect(lines.all.at(-1)).toMatchObject({ type: 'end', reason: { code } })
  })

  it('ends for an agent that is gone, also when it had reported Complete', async () => {
    const script = controlled({ existence: 'gone' })
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    expect((await collect(tail(orch, id, { follow: true }))).at(-1)?.type).toBe('end')
  })

  it('ends with the reason when it is aborted', async () => {
    const { orch, id } = await place.spawn('[[hang: working]]')
    const controller = new AbortController()
    const lines = following(orch, id, { signal: controller.signal })
    await lines.seen((line) => line.type === 'state')
    const rejected = expect(lines.ended).rejects.toThrow('enough')
    controller.abort(new Error('enough'))
    await rejected
  })

  it('frees its subscriptions when its reader goes away', async () => {
    const signals: AbortSignal[] = []
    const { orch, id } = await place.spawn('[[hang: working]]', {
      wrap: (backend) => ({
        ...backend,
        events: (agents, query, signal) => {
          signals.push(signal)
          return backend.events(agents, query, signal)
        },
      }),
    })
    for await (const line of tail(orch, id, { follow: true })) if (line.type === 'state') break
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })
})

describe('tail() of pushed events', () => {
  it('does not repeat a finished item, and lets a later version replace it', async () => {
    const script = controlled()
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state')
    script.push(item('a', 'one'), item('a', 'one'), item('a', 'two'), { type: 'changed', agent: id })
    await lines.seen((line) => itemOf(line)?.text === 'two')
    expect(
      lines.all
        .map(itemOf)
        .filter((one) => one?.id === 'a')
        .map((one) => one?.text),
    ).toEqual(['one', 'two'])
  })

  it('does not tell how that came about which a page had finished already', async () => {
    const script = controlled({ items: [item('a', 'one').item] })
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state')
    script.push(item('a', '', false), delta('a', 'one'), item('a', 'one'), item('b', 'two'))
    await lines.seen((line) => itemOf(line)?.id === 'b')
    expect(lines.all.map((line) => itemOf(line)?.id ?? line.type)).toEqual(['a', 'state', 'b'])
  })

  it('does not append to a text from a page what that may hold already', async () => {
    const script = controlled({ items: [item('a', 'half', false).item] })
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state')
    script.push(delta('a', 'half'), delta('b', 'new'))
    await lines.seen((line) => line.type === 'delta' && line.itemId === 'b')
    expect(lines.texts().get('a')).toBe('half')
    script.push(item('a', 'half and', false), delta('a', ' more'))
    await lines.seen((line) => line.type === 'delta' && line.text === ' more')
    expect(lines.texts()).toEqual(
      new Map([
        ['a', 'half and more'],
        ['b', 'new'],
      ]),
    )
  })

  it('reads again after a gap, and tells what was missed once', async () => {
    const script = controlled({ items: [item('old', 'not asked for').item, item('a', 'one').item] })
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const lines = following(orch, id, { last: 1 })
    await lines.seen((line) => line.type === 'state')
    script.items.push(...Array.from({ length: 30 }, (_, index) => item(`m${index}`, `missed ${index}`).item))
    script.push({ type: 'gap', agent: null, reason: { code: 'RECONNECTED', text: 'x' } }, item('m29', 'missed 29'))
    await lines.seen((line) => itemOf(line)?.id === 'm29')
    script.push(item('z', 'after'))
    await lines.seen((line) => itemOf(line)?.id === 'z')
    expect(lines.all.filter(({ type }) => type === 'gap')).toHaveLength(1)
    expect(
      lines.all
        .map(itemOf)
        .filter(Boolean)
        .map((one) => one?.id)
        .sort(),
    ).toEqual(['a', ...Array.from({ length: 30 }, (_, index) => `m${index}`), 'z'].sort())
  })

  it('tells what was not pushed before the end, however much it is', async () => {
    const script = controlled({ items: [item('a', 'one').item] })
    const { orch, id } = await place.spawn('[[hang: x]]', { wrap: script.wrap })
    const lines = following(orch, id, { last: 1 })
    await lines.seen((line) => line.type === 'state')
    script.items.push(...Array.from({ length: 300 }, (_, index) => item(`m${index}`, 'x').item))
    place.server.exit(id, { code: 0, signal: null })
    script.push({ type: 'changed', agent: id })
    await lines.ended
    expect(lines.all.map(itemOf).filter(Boolean)).toHaveLength(301)
  })

  it('reads what was missed before it tells what was pushed after, though both come at once', async () => {
    const script = controlled({ items: [item('a', 'one').item] })
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state')
    script.items.push(item('b', 'two').item, item('c', 'three').item)
    script.push({ type: 'gap', agent: null, reason: { code: 'RECONNECTED', text: 'x' } }, item('c', 'three'))
    await lines.seen((line) => itemOf(line)?.id === 'c')
    expect(lines.all.flatMap((line) => itemOf(line)?.id ?? [])).toEqual(['a', 'b', 'c'])
  })

  it('does not append after a gap what may not follow what was told, and has the text whole in the end', async () => {
    const script = controlled()
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state')
    script.push(item('a', '', false), delta('a', 'one '), { type: 'gap', agent: null, reason: { code: 'G', text: '' } })
    await lines.seen((line) => line.type === 'gap')
    script.push(delta('a', 'three'), item('b', 'other'))
    await lines.seen((line) => itemOf(line)?.id === 'b')
    expect(lines.texts().get('a')).toBe('one ')
    script.push(item('a', 'one two three'))
    await lines.seen((line) => itemOf(line)?.text === 'one two three')
  })

  it('tells later what could not be read after a gap, although more was pushed since', async () => {
    const script = controlled({ items: [item('a', 'one').item] })
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state')
    script.broken = true
    script.items.push(item('b', 'two').item, item('c', 'three').item)
    script.push({ type: 'gap', agent: id, reason: { code: 'RECONNECTED', text: 'x' } }, item('c', 'three'))
    await lines.seen((line) => itemOf(line)?.id === 'c')
    script.broken = false
    script.push({ type: 'changed', agent: id })
    await lines.seen((line) => itemOf(line)?.id === 'b')
    expect(lines.all.flatMap((line) => itemOf(line)?.id ?? [])).toEqual(['a', 'c', 'b'])
    expect(lines.all.filter(({ type }) => type === 'gap')).toHaveLength(2)
  })

  it('tells what is pushed while it looks at the agent, however long that takes', async () => {
    const script = controlled()
    let looks = 0
    let answer = (): void => {}
    const answered = new Promise<void>((resolve) => {
      answer = resolve
    })
    const wrap = (backend: Backend): Backend => {
      const inner = script.wrap(backend)
      const observe: Backend['observe'] = async (...args) => {
        looks += 1
        if (looks === 2) await answered
        return inner.observe(...args)
      }
      return { ...inner, observe }
    }
    const { orch, id } = await place.spawn('x', { wrap })
    looks = 0
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state')
    script.push({ type: 'changed', agent: id })
    await eventually(() => looks === 2)
    script.push(item('a', '', false), delta('a', 'one'), { type: 'changed', agent: id })
    await lines.seen((line) => line.type === 'delta')
    expect(looks).toBe(2)
    answer()
    await eventually(() => looks === 3)
  })

  it('goes on when the transcript cannot be read for a while', async () => {
    const script = controlled({ items: [item('a', 'one').item] })
    const { orch, id } = await place.spawn('x', { wrap: script.wrap })
    const lines = following(orch, id)
    await lines.seen((line) => line.type === 'state')
    script.broken = true
    script.push({ type: 'gap', agent: id, reason: { code: 'RECONNECTED', text: 'x' } })
    await lines.seen((line) => line.type === 'gap' && line.reason.code === 'BACKEND_UNREACHABLE')
    script.broken = false
    script.push(item('b', 'two'))
    await lines.seen((line) => itemOf(line)?.id === 'b')
  })
})

interface Script {
  readonly items: Item[]
  broken: boolean
  /** How many items were read. */
  read: number
  readonly wrap: (backend: Backend) => Backend
  push(...events: readonly BackendEvent[]): void
}

/** A backend whose transcript and events are what the test says; everything else is the memory backend's. */
function controlled(options: { readonly items?: readonly Item[]; readonly existence?: 'gone' } = {}): Script {
  const items = [...(options.items ?? [])]
  const queue: BackendEvent[] = []
  let wake = (): void => {}
  const script: Script = {
    items,
    broken: false,
    read: 0,
    push: (...events) => {
      queue.push(...events)
      wake()
    },
    wrap: (backend) => ({
      ...backend,
      observe: async (agents, signal) => {
        const seen = await backend.observe(agents, signal)
        if (options.existence === undefined) return seen
        const existence = {
          known: true,
          value: options.existence,
          evidence: { source: 'api', detail: '', at: '' },
        } as const
        return { ...seen, observations: seen.observations.map((one) => ({ ...one, existence })) }
      },
      read: async (_, { last, before }) => {
        if (script.broken) throw new OrchError('BACKEND_UNREACHABLE', 'Cannot read: no')
        const end = before === null ? items.length : Number(before)
        const start = Math.max(0, end - last)
        script.read += end - start
        return { items: items.slice(start, end), before: start === 0 ? null : `${start}`, gap: null }
      },
      async *events(_agents, _query, signal) {
        yield { type: 'ready' }
        signal.addEventListener('abort', () => wake())
        while (!signal.aborted) {
          yield* queue.splice(0)
          await new Promise<void>((resolve) => {
            wake = resolve
            if (queue.length > 0 || signal.aborted) resolve()
          })
        }
      },
    }),
  }
  return script
}

interface Lines {
  readonly all: TailLine[]
  readonly ended: Promise<void>
  seen(predicate: (line: TailLine) => boolean): Promise<unknown>
  /** Each item's text as a reader puts it together: items replace, deltas append. */
  texts(): Map<string, string>
}

function following(orch: Orch, id: string, options: TailOptions = {}): Lines {
  const all: TailLine[] = []
  const controller = new AbortController()
  scope.defer(() => controller.abort())
  const signal = options.signal ?? controller.signal
  const read = async (): Promise<void> => {
    for await (const line of tail(orch, id, { ...options, follow: true, signal })) all.push(line)
  }
  const ended = read()
  ended.catch(() => {})
  return {
    all,
    ended,
    seen: (predicate) => eventually(() => all.some(predicate), { what: `the line among ${JSON.stringify(all)}` }),
    texts: () => {
      const texts = new Map<string, string>()
      for (const line of all) {
        if (line.type === 'item') texts.set(line.item.id, line.item.text ?? '')
        if (line.type === 'delta') texts.set(line.itemId, (texts.get(line.itemId) ?? '') + line.text)
      }
      return texts
    },
  }
}

function itemOf(line: TailLine): Item | undefined {
  return line.type === 'item' ? line.item : undefined
}

function item(id: string, text: string, final = true): Extract<BackendEvent, { type: 'item' }> {
  const fields = { role: 'assistant', tool: null, truncated: false, at: null, from: null } as const
  return { type: 'item', agent: 'x', item: { id, kind: 'message', text, final, ...fields } }
}

function delta(itemId: string, text: string): BackendEvent {
  return { type: 'delta', agent: 'x', itemId, text }
}
