import { isDeepStrictEqual } from 'node:util'
import type { Item } from '../../agent.ts'
import type { AgentRef, ReadResult } from '../../backend.ts'
import { sumUsage } from '../../usage.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, checkEqual, settle } from '../check.ts'
import { converse, EVERYTHING, read, whileStill } from '../looks.ts'

export const readCases: readonly ContractCase[] = [
  {
    id: 'read-holds-what-the-agent-said',
    requires: [],
    because: 'the transcript is how people see what an agent does',
    async run(t) {
      const agent = await converse(t, 2)
      const { items } = await read(t, agent)
      const first = items.findIndex((item) => says(item, 'reply number 1'))
      const second = items.findIndex((item) => says(item, 'reply number 2'))
      check(first >= 0 && second >= 0, 'read() holds both answers')
      check(first < second, 'read() returns the oldest first')
    },
  },
  {
    id: 'read-has-roles',
    requires: ['transcript'],
    because: 'a structured transcript tells who said what',
    async run(t) {
      const agent = await converse(t, 1)
      const { items } = await read(t, agent)
      const prompt = t.world.prompts.answer('reply number 1')
      check(
        items.some((item) => item.role === 'user' && item.text === prompt),
        'read() shows the prompt as a message of the user',
      )
      check(
        items.some((item) => item.role === 'assistant' && item.kind === 'message' && says(item, 'reply number 1')),
        'read() shows the answer as a message of the assistant',
      )
    },
  },
  {
    id: 'read-returns-exactly-as-many',
    requires: [],
    because: 'tail -n 3 prints three, not a screenful',
    async run(t) {
      const agent = await converse(t, 3)
      for (const last of [1, 3]) {
        const { whole, seen } = await whileStill(t, agent, () => read(t, agent, last))
        checkEqual(seen.items, whole.slice(-last), `read() of the last ${last} returns exactly the newest ${last}`)
      }
    },
  },
  {
    id: 'read-counts-a-long-line-once',
    requires: [],
    because: 'a line that a window would wrap is one line: counted as five, it pushes others out of the answer',
    async run(t) {
      const agent = await converse(t, 2)
      const long = 'abcdefghi '.repeat(40).trim()
      const prompt = t.world.prompts.answer(long)
      await t.send(agent, prompt)
      await t.rest(agent, prompt)
      await t.eventually('read() holds the long line', async () =>
        (await read(t, agent)).items.some((item) => says(item, long)) ? true : undefined,
      )
      const { whole, seen } = await whileStill(t, agent, async () => {
        const { length } = (await read(t, agent)).items
        const sizes = Array.from({ length: length + 1 }, (_, index) => index + 1)
        return Promise.all(sizes.map(async (last) => (await read(t, agent, last)).items))
      })
      for (const [index, items] of seen.entries())
        checkEqual(items, whole.slice(-(index + 1)), `read() of the last ${index + 1} counts a long line once`)
      const paged = await whileStill(t, agent, () => readPages(t, agent, 1))
      checkEqual(paged.seen, paged.whole, 'pages of one, put together, are the whole transcript')
    },
  },
  {
    id: 'read-returns-all-when-there-are-fewer',
    requires: [],
    because: 'asking for more than there is must not fail, and its end must be recognisable',
    async run(t) {
      const agent = await converse(t, 2)
      const { seen } = await whileStill(t, agent, () => read(t, agent, EVERYTHING))
      check(seen.items.length > 0, 'read() of more than there is returns what there is')
      checkEqual(seen.before, null, 'nothing lies before a page that holds everything')
    },
  },
  {
    id: 'read-pages-cover-everything-once',
    requires: [],
    because: 'history is read page by page; an item lost or doubled at a border is never noticed',
    async run(t) {
      const agent = await converse(t, 4)
      const { whole, seen } = await whileStill(t, agent, () => readPages(t, agent, 3))
      checkEqual(seen, whole, 'pages of three, put together, are the whole transcript')
    },
  },
  {
    id: 'read-ids-are-unique-and-stable',
    requires: [],
    because: 'followers replace items by id: a changed id doubles text, a shared one loses it',
    async run(t) {
      const agent = await converse(t, 3)
      const other = await t.open()
      const query = { last: EVERYTHING, before: null, raw: false }
      const { whole, seen } = await whileStill(t, agent, () => other.read(agent, query, t.signal))
      checkEqual(new Set(whole.map(({ id }) => id)).size, whole.length, 'no two items share an id')
      const idsOf = (items: readonly Item[]): string[] => items.map(({ id }) => id)
      checkEqual(idsOf(seen.items), idsOf(whole), 'another client reads the same ids')
    },
  },
  {
    id: 'read-cursors-hold-while-output-grows',
    requires: [],
    because: 'agents go on talking while a person pages back',
    async run(t) {
      const agent = await converse(t, 3)
      const { seen } = await whileStill(t, agent, async () => {
        const { before } = await read(t, agent, 2)
        return { before, page: await read(t, agent, 2, before) }
      })
      check(seen.before !== null, 'something lies before the newest two items of three exchanges')
      const prompt = t.world.prompts.answer('one more')
      await t.send(agent, prompt)
      await t.rest(agent, prompt)
      const again = await read(t, agent, 2, seen.before)
      checkEqual(again.items, seen.page.items, 'the page before a cursor is the same after more output')
    },
  },
  {
    id: 'read-pages-hold-while-output-grows',
    requires: [],
    because: 'whoever reads back through a busy agent must not lose a line, nor read one twice',
    async run(t) {
      const agent = await converse(t, 4)
      const { whole } = await whileStill(t, agent, async () => undefined)
      let page = await read(t, agent, 2)
      const pages = [page.items]
      for (let number = 1; page.before !== null; number++) {
        const prompt = t.world.prompts.answer(`meanwhile ${number}`)
        if (number <= 3) await t.send(agent, prompt)
        page = await read(t, agent, 2, page.before)
        pages.unshift(page.items)
        if (number <= 3) await t.rest(agent, prompt)
      }
      checkEqual(pages.flat(), whole, 'pages read while output grows are the transcript as it was at the first page')
    },
  },
  {
    id: 'read-does-not-break-long-lines',
    requires: [],
    because: 'a path or an address that is broken by a window that nobody looks at cannot be copied or searched',
    async run(t) {
      const long = 'abcdefghi '.repeat(40).trim()
      const prompt = t.world.prompts.answer(long)
      const agent = await t.spawn(prompt)
      await t.rest(agent, prompt)
      await t.eventually('one item of read() holds an answer of four hundred characters', async () => {
        const { items } = await read(t, agent)
        return items.some((item) => says(item, long)) ? true : undefined
      })
    },
  },
  {
    id: 'read-turns-sum-to-usage',
    requires: ['turns', 'transcript', 'usage'],
    because: 'a turn that is counted twice, or not at all, makes two answers to what an agent cost',
    async run(t) {
      const agent = await converse(t, 3)
      const turnsOf = async (turns: number): Promise<ReadResult['turns']> =>
        (await t.backend.read(agent, { last: 1, before: null, raw: false, turns }, t.signal)).turns
      const all = await turnsOf(10)
      if (all === undefined) return
      checkEqual(all.length, 3, 'read() shows each turn once')
      checkEqual(await turnsOf(1), all.slice(-1), 'of one turn that is asked for read() shows the newest')
      await t.eventually('what the turns used is what the agent used', async () => {
        const spent = sumUsage((await turnsOf(10))?.map((turn) => turn.usage) ?? [])
        const { usage } = await t.observe(agent)
        return usage.known && isDeepStrictEqual(spent, sumUsage([usage.value])) ? true : undefined
      })
    },
  },
  {
    id: 'read-shows-the-screen',
    requires: ['screen'],
    because: 'what a person would see is asked for where a program says nothing else',
    async run(t) {
      const agent = await converse(t, 2)
      const screen = (last: number): Promise<ReadResult> =>
        t.backend.read(agent, { last, before: null, raw: false, screen: true }, t.signal)
      const { items, before } = await screen(EVERYTHING)
      check(
        items.some((item) => item.text?.includes('reply number 2') === true),
        'the screen holds the newest answer',
      )
      check(
        items.every(({ kind, text }) => kind === 'screen' && text?.includes('\n') === false),
        'the screen is rows',
      )
      checkEqual(before, null, 'nothing lies before a screen')
      const texts = items.map(({ text }) => text)
      checkEqual(
        (await screen(1)).items.map(({ text }) => text),
        texts.slice(-1),
        'of one row the screen shows the last',
      )
    },
  },
  {
    id: 'read-after-stop-is-not-silent',
    requires: [],
    because: 'what an agent said last is wanted most after it ended',
    async run(t) {
      const agent = await converse(t, 1)
      await t.backend.stop(agent, t.signal)
      const page = await t.backend.read(agent, { last: EVERYTHING, before: null, raw: false }, t.signal)
      const whole = page.items.some((item) => says(item, 'reply number 1'))
      check(whole || page.gap !== null, 'read() after stop() holds the answer or says what is missing')
    },
  },
  {
    id: 'read-of-a-mute-server-is-not-empty',
    requires: [],
    because: 'an empty page says that the agent said nothing',
    async run(t) {
      const agent = await converse(t, 1)
      const page = await t.whileFrozen('read() settles though the server does not answer', () =>
        settle(t.backend.read(agent, { last: 10, before: null, raw: false }, t.signal)),
      )
      check(
        'error' in page || page.value.items.length > 0 || page.value.gap !== null,
        'read() rejects, reads elsewhere or says what is missing when the server does not answer',
      )
    },
  },
]

function says(item: Item, text: string): boolean {
  return item.role !== 'user' && item.text?.includes(text) === true
}

async function readPages(t: CaseContext, agent: AgentRef, size: number): Promise<readonly Item[]> {
  const pages: (readonly Item[])[] = []
  const cursors = new Set<string>()
  let before: string | null = null
  do {
    const page = await read(t, agent, size, before)
    check(page.before === null || !cursors.has(page.before), 'each page of read() lies before the last one')
    check(page.items.length > 0 || page.before === null, 'a page before a cursor is not empty')
    pages.unshift(page.items)
    before = page.before
    if (before !== null) cursors.add(before)
  } while (before !== null)
  return pages.flat()
}
