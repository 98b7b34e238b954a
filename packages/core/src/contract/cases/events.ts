import type { BackendEvent } from '../../backend.ts'
import type { ContractCase } from '../case.ts'
import { check, checkEqual } from '../check.ts'
import { follow, tellsOf } from '../follow.ts'
import { read } from '../looks.ts'
import { begun, working } from '../situations.ts'

const CONTENT = { content: true, raw: false }

export const eventCases: readonly ContractCase[] = [
  {
    id: 'events-are-ready-first',
    requires: [],
    because: 'a waiter subscribes, then looks: before "ready" something may fall between the two',
    async run(t) {
      const agent = await begun(t)
      const follower = await follow(t, [agent])
      await follower.end()
      checkEqual(follower.events[0]?.type, 'ready', 'the first event is "ready"')
      checkEqual(follower.events.filter(({ type }) => type === 'ready').length, 1, '"ready" comes once')
    },
  },
  {
    id: 'events-tell-of-the-end-of-a-turn',
    requires: ['turns'],
    because: 'wait would otherwise notice only by its slow safety net',
    async run(t) {
      const agent = await working(t)
      const follower = await follow(t, [agent])
      await follower.until({
        what: 'the turn ended',
        agent,
        act: () => t.world.finish(agent),
        look: async () => {
          const { turn } = await t.observe(agent)
          return turn.known && turn.value.status === 'ended'
        },
      })
      await follower.end()
    },
  },
  {
    id: 'events-tell-of-an-exit',
    requires: ['programs'],
    because: 'a dead agent must end a wait at once',
    async run(t) {
      const agent = await begun(t)
      const follower = await follow(t, [agent])
      await follower.until({
        what: 'the program ended',
        agent,
        act: () => t.send(agent, t.world.prompts.exit(3)),
        look: async () => {
          const { process } = await t.observe(agent)
          return process.known && process.value.exit?.code === 3
        },
      })
      await follower.end()
    },
  },
  {
    id: 'events-tell-of-a-request',
    requires: ['requests'],
    because: 'an agent that waits for a person must be seen at once',
    async run(t) {
      const agent = await begun(t)
      const follower = await follow(t, [agent])
      await follower.until({
        what: 'a request is open',
        agent,
        act: () => t.send(agent, t.world.prompts.ask('May I go on')),
        look: async () => {
          const { requests } = await t.observe(agent)
          return requests.known && requests.value.length > 0
        },
      })
      await follower.end()
    },
  },
  {
    id: 'events-tell-of-the-death-of-the-server',
    requires: [],
    because: 'after it no agent will ever tell anything again',
    async run(t) {
      const agent = await begun(t)
      const follower = await follow(t, [agent])
      const from = follower.events.length
      await t.killServer()
      await follower.seen('the server died', from, tellsOf(agent))
      await follower.end()
    },
  },
  {
    id: 'events-carry-content-when-asked',
    requires: [],
    because: 'tail -f shows text as it comes, without asking again for each piece',
    async run(t) {
      const agent = await begun(t)
      const follower = await follow(t, [agent], CONTENT)
      await t.send(agent, t.world.prompts.answer('heard by followers'))
      await t.eventually('the events carry the answer', async () =>
        [...assemble(follower.events).values()].some((text) => text.includes('heard by followers')) ? true : undefined,
      )
      await follower.end()
    },
  },
  {
    id: 'events-add-up-to-the-transcript',
    requires: ['transcript', 'turns'],
    because: 'what a follower pieced together must be what a reader sees later',
    async run(t) {
      const agent = await begun(t)
      const follower = await follow(t, [agent], CONTENT)
      const work = t.world.prompts.work('first part')
      await t.send(agent, work)
      await t.turn(agent, 'running')
      await t.world.finish(agent)
      await t.rest(agent, work)
      await t.eventually('the events add up to the items that read() returns', async () => {
        const followed = assemble(follower.events)
        const { items } = await read(t, agent)
        const shared = items.filter((item) => item.role === 'assistant' && followed.has(item.id))
        return shared.length > 0 && shared.every((item) => followed.get(item.id) === item.text) ? true : undefined
      })
      await follower.end()
    },
  },
  {
    id: 'events-carry-no-content-unasked',
    requires: [],
    because: 'a waiter over three hundred agents must not receive every word they say',
    async run(t) {
      const agent = await begun(t)
      const follower = await follow(t, [agent])
      const prompt = t.world.prompts.answer('not for waiters')
      await t.send(agent, prompt)
      await t.rest(agent, prompt)
      await t.backend.stop(agent, t.signal)
      await follower.seen('the agent was stopped', 0, tellsOf(agent))
      await follower.end()
      const content = follower.events.filter(({ type }) => type === 'item' || type === 'delta')
      checkEqual(content, [], 'without "content" no item and no delta is sent')
    },
  },
  {
    id: 'events-are-only-about-the-agents-asked-for',
    requires: [],
    because: 'a follower of one agent must not print the words of another',
    async run(t) {
      const [agent, other] = [await begun(t), await begun(t)]
      const follower = await follow(t, [agent], CONTENT)
      for (const speaker of [other, agent]) {
        const prompt = t.world.prompts.answer('spoken')
        await t.send(speaker, prompt)
        await t.rest(speaker, prompt)
      }
      await t.backend.stop(agent, t.signal)
      await follower.seen('the agent was stopped', 0, tellsOf(agent))
      await follower.end()
      const strangers = follower.events.filter((event) => 'agent' in event && event.agent === other.id)
      checkEqual(strangers, [], 'no event is about an agent that was not asked for')
    },
  },
  {
    id: 'events-serve-two-subscribers',
    requires: [],
    because: 'a wait and a tail run beside each other',
    async run(t) {
      const agent = await begun(t)
      const followers = [await follow(t, [agent]), await follow(t, [agent])]
      const positions = followers.map(({ events }) => events.length)
      await t.backend.stop(agent, t.signal)
      for (const [index, follower] of followers.entries())
        await follower.seen('the agent was stopped', positions[index] ?? 0, tellsOf(agent))
      for (const follower of followers) await follower.end()
    },
  },
  {
    id: 'events-outlive-another-subscriber',
    requires: [],
    because: 'the end of one subscription must not close the stream that others share',
    async run(t) {
      const agent = await begun(t)
      const [leaver, stayer] = [await follow(t, [agent]), await follow(t, [agent])]
      await leaver.end()
      const from = stayer.events.length
      await t.backend.stop(agent, t.signal)
      await stayer.seen('the agent was stopped', from, tellsOf(agent))
      await stayer.end()
    },
  },
  {
    id: 'events-end-when-aborted',
    requires: [],
    because: 'Ctrl-C must end tail -f at once, with nothing said by the agent',
    async run(t) {
      const agent = await begun(t)
      const follower = await follow(t, [agent])
      await follower.end()
      const told = follower.events.length
      const prompt = t.world.prompts.answer('too late')
      await t.send(agent, prompt)
      await t.rest(agent, prompt)
      check(follower.events.length === told, 'after its end a subscription tells nothing more')
    },
  },
]

/** The text of each item as a follower pieces it together: items replace, deltas append. */
function assemble(events: readonly BackendEvent[]): Map<string, string> {
  const texts = new Map<string, string>()
  for (const event of events) {
    if (event.type === 'item') texts.set(event.item.id, event.item.text ?? '')
    if (event.type === 'delta') texts.set(event.itemId, (texts.get(event.itemId) ?? '') + event.text)
  }
  return texts
}
