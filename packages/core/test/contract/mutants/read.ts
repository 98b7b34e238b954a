import type { Item, TurnUsage } from '../../../src/agent.ts'
import type { AgentRef, Backend, ReadQuery, ReadResult } from '../../../src/backend.ts'
import { NO_USAGE } from '../../../src/memory/simulation.ts'
import type { Mutant } from './mutant.ts'

type Change = (page: ReadResult, query: ReadQuery) => ReadResult

function withPages(backend: Backend, change: Change): Backend {
  const read = async (agent: AgentRef, query: ReadQuery, signal: AbortSignal): Promise<ReadResult> =>
    change(await backend.read(agent, query, signal), query)
  return { ...backend, read }
}

function withQuery(backend: Backend, change: (query: ReadQuery) => ReadQuery): Backend {
  return { ...backend, read: (agent, query, signal) => backend.read(agent, change(query), signal) }
}

type Turns = NonNullable<ReadResult['turns']>

function withTurns(backend: Backend, change: (turns: Turns) => Turns): Backend {
  return withPages(backend, (page) => (page.turns === undefined ? page : { ...page, turns: change(page.turns) }))
}

const free = (turn: TurnUsage): TurnUsage => ({ ...turn, usage: NO_USAGE })

const EMPTY: ReadResult = { items: [], before: null, gap: null }

export const readMutants: readonly Mutant[] = [
  {
    name: 'the screen is the transcript',
    fails: { 'read-shows-the-screen': 'the screen is rows' },
    break: (backend) => withQuery(backend, (query) => ({ ...query, screen: false })),
  },
  {
    name: 'the screen is empty',
    fails: { 'read-shows-the-screen': 'the screen holds the newest answer' },
    break: (backend) => withPages(backend, (page, { screen }) => (screen ? EMPTY : page)),
  },
  {
    name: 'the screen is always whole',
    fails: { 'read-shows-the-screen': 'of one row the screen shows the last' },
    break: (backend) => withQuery(backend, (query) => (query.screen ? { ...query, last: 1000 } : query)),
  },
  {
    name: 'something lies before the screen',
    fails: { 'read-shows-the-screen': 'nothing lies before a screen' },
    break: (backend) => withPages(backend, (page, { screen }) => (screen ? { ...page, before: 'x' } : page)),
  },
  {
    name: 'read returns the newest first',
    fails: { 'read-holds-what-the-agent-said': 'read() returns the oldest first' },
    break: (backend) => withPages(backend, (page) => ({ ...page, items: page.items.toReversed() })),
  },
  {
    name: 'read knows only the last exchange',
    fails: { 'read-holds-what-the-agent-said': 'read() holds both answers' },
    break: (backend) => withPages(backend, (page) => ({ ...page, items: page.items.slice(-2) })),
  },
  {
    name: 'items have no role',
    fails: { 'read-has-roles': 'read() shows the prompt as a message of the user' },
    break: (backend) =>
      withPages(backend, (page) => ({ ...page, items: page.items.map((item) => ({ ...item, role: null })) })),
  },
  {
    name: 'read returns one too many',
    fails: { 'read-returns-exactly-as-many': 'read() of the last 1 returns exactly the newest 1' },
    break: (backend) => ({
      ...backend,
      read: (agent, query, signal) => backend.read(agent, { ...query, last: query.last + 1 }, signal),
    }),
  },
  {
    name: 'read counts lines as a window of eighty columns shows them',
    fails: { 'read-counts-a-long-line-once': 'counts a long line once' },
    break: (backend) => ({
      ...backend,
      async read(agent, query, signal) {
        const { items, ...page } = await backend.read(agent, query, signal)
        const rows = (item: Item): number => Math.max(1, Math.ceil((item.text ?? '').length / 80))
        let left = query.last
        const shown = items.toReversed().filter((item) => {
          left -= rows(item)
          return left >= 0
        })
        return { ...page, items: shown.toReversed() }
      },
    }),
  },
  {
    name: 'pages of one are pages of two',
    fails: { 'read-counts-a-long-line-once': 'read() of the last 1 counts a long line once' },
    break: (backend) => ({
      ...backend,
      read: (agent, query, signal) => backend.read(agent, { ...query, last: Math.max(2, query.last) }, signal),
    }),
  },
  {
    name: 'there is always a page before',
    fails: { 'read-returns-all-when-there-are-fewer': 'nothing lies before a page that holds everything' },
    break: (backend) => withPages(backend, (page) => ({ ...page, before: page.items[0]?.id ?? null })),
  },
  {
    name: 'pages overlap by one',
    fails: { 'read-pages-cover-everything-once': 'pages of three, put together, are the whole transcript' },
    break: (backend) => withPages(backend, (page) => ({ ...page, before: page.before && (page.items[1]?.id ?? null) })),
  },
  {
    name: 'ids depend on the client',
    fails: { 'read-ids-are-unique-and-stable': 'another client reads the same ids' },
    break(backend) {
      const own = (item: Item): Item => ({ ...item, id: `${prefix}-${item.id}` })
      const prefix = Math.random()
      return withPages(backend, (page) => ({ ...page, items: page.items.map(own) }))
    },
  },
  {
    name: 'all items share an id',
    fails: { 'read-ids-are-unique-and-stable': 'no two items share an id' },
    break: (backend) =>
      withPages(backend, (page) => ({ ...page, items: page.items.map((item) => ({ ...item, id: 'item' })) })),
  },
  {
    name: 'cursors count from the end',
    fails: {
      'read-cursors-hold-while-output-grows': 'the page before a cursor is the same after more output',
      'read-pages-hold-while-output-grows': 'pages read while output grows are the transcript',
    },
    break: (backend) => ({
      ...backend,
      async read(agent, query, signal) {
        const { items } = await backend.read(agent, { ...query, last: 1_000, before: null }, signal)
        const end = items.length - Number(query.before ?? 0)
        const start = Math.max(0, end - query.last)
        return { items: items.slice(start, end), before: start === 0 ? null : `${items.length - start}`, gap: null }
      },
    }),
  },
  {
    name: 'read wraps lines at eighty characters',
    fails: { 'read-does-not-break-long-lines': 'one item of read() holds an answer of four hundred characters' },
    break: (backend) =>
      withPages(backend, (page) => ({
        ...page,
        items: page.items.map((item) => ({ ...item, text: item.text?.replaceAll(/(.{80})/g, '$1\n') ?? null })),
      })),
  },
  {
    name: 'only the newest turn counts',
    fails: { 'read-turns-sum-to-usage': 'what the turns used is what the agent used' },
    break: (backend) => withTurns(backend, (turns) => [...turns.slice(0, -1).map(free), ...turns.slice(-1)]),
  },
  {
    name: 'a turn stands twice',
    fails: { 'read-turns-sum-to-usage': 'read() shows each turn once' },
    break: (backend) => withTurns(backend, (turns) => [...turns.slice(0, 1), ...turns]),
  },
  {
    name: 'all turns are shown though one was asked for',
    fails: { 'read-turns-sum-to-usage': 'of one turn that is asked for read() shows the newest' },
    break: (backend) => ({
      ...backend,
      read: (agent, query, signal) => backend.read(agent, query.turns ? { ...query, turns: 10 } : query, signal),
    }),
  },
  {
    name: 'read of a stopped agent is silently empty',
    fails: { 'read-after-stop-is-not-silent': 'read() after stop() holds the answer or says what is missing' },
    break: (backend) => ({
      ...backend,
      async read(agent, query, signal) {
        const { observations } = await backend.observe([agent], signal)
        const existence = observations[0]?.existence
        return existence?.known && existence.value === 'gone' ? EMPTY : backend.read(agent, query, signal)
      },
    }),
  },
  {
    name: 'read takes a failed look for an empty transcript',
    fails: { 'read-of-a-mute-server-is-not-empty': 'or says what is missing when the server does not answer' },
    break: (backend) => ({
      ...backend,
      read: (agent, query, signal) => backend.read(agent, query, signal).catch(() => EMPTY),
    }),
  },
]
