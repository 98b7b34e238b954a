import type { ContractCase } from '../case.ts'
import { check, checkEqual, isReason, settle } from '../check.ts'
import { HOSTILE_TEXTS, megabyte } from '../hostile-texts.ts'
import { countReceived } from '../looks.ts'
import { begun, exited } from '../situations.ts'

export const sendCases: readonly ContractCase[] = [
  {
    id: 'send-is-unaltered-or-refused',
    requires: [],
    because: 'text from people and models must never become a key, a format or a command',
    async run(t) {
      const agent = await begun(t)
      const expected = [...(await t.world.received(agent))]
      for (const text of Object.values(HOSTILE_TEXTS)) {
        const { delivery, reason } = await t.send(agent, text)
        check(delivery !== 'refused' || isReason(reason), 'a refusal says why')
        if (delivery === 'refused') continue
        expected.push(text)
        await t.rest(agent, text)
      }
      const last = t.world.prompts.answer('the end')
      await t.send(agent, last)
      await t.rest(agent, last)
      const received = await t.world.received(agent)
      for (const [what, text] of Object.entries(HOSTILE_TEXTS)) {
        const times = received.filter((got) => got === text).length
        const claim = `${what} arrives once and unaltered, or is refused and does not arrive`
        checkEqual(times, expected.includes(text) ? 1 : 0, claim)
      }
      checkEqual(received, [...expected, last], 'the program got these texts, in this order, and nothing else')
    },
  },
  {
    id: 'send-takes-a-megabyte-whole',
    requires: [],
    because: 'people send logs; half of one is worse than none',
    async run(t) {
      const agent = await begun(t)
      const text = megabyte()
      const { delivery, reason } = await t.send(agent, text)
      const arrives = delivery !== 'refused'
      check(arrives || isReason(reason), 'a refusal says why')
      if (arrives) await t.rest(agent, text)
      checkEqual(await countReceived(t, agent, text), arrives ? 1 : 0, 'a megabyte arrives whole, or is refused')
    },
  },
  {
    id: 'send-of-the-same-text-twice-arrives-twice',
    requires: [],
    because: '"yes" and "yes" are two answers',
    async run(t) {
      const agent = await begun(t)
      for (let time = 1; time <= 2; time++) {
        const { delivery } = await t.send(agent, 'yes')
        check(delivery !== 'refused', 'each of two equal messages has a receipt of its own')
        await t.eventually(`"yes" arrived ${time} times`, async () =>
          (await countReceived(t, agent, 'yes')) >= time ? true : undefined,
        )
      }
      const last = t.world.prompts.answer('the end')
      await t.send(agent, last)
      await t.rest(agent, last)
      checkEqual(await countReceived(t, agent, 'yes'), 2, 'the same text sent twice arrives twice')
    },
  },
  {
    id: 'send-from-two-clients-keeps-messages-whole',
    requires: [],
    because: 'a person and a script may write to one agent in the same moment',
    async run(t) {
      const agent = await begun(t)
      const other = await t.open()
      const texts = Array.from(
        { length: 6 },
        (_, index) => `message ${index}\n${`${index}`.repeat(2_000)}\nend ${index}`,
      )
      await Promise.all(texts.map((text, index) => t.send(agent, text, index % 2 === 0 ? t.backend : other)))
      await t.eventually('all of six messages of two clients at once arrive whole', async () => {
        const received = await t.world.received(agent)
        return texts.every((text) => received.includes(text)) ? true : undefined
      })
      const mine = (await t.world.received(agent)).filter((text) => text.includes('message '))
      checkEqual([...mine].sort(), texts, 'six messages of two clients at once arrive each once')
    },
  },
  {
    id: 'send-receipts-hold',
    requires: [],
    because: 'an exit code of 0 promises that the message is there',
    async run(t) {
      const agent = await begun(t)
      const message = t.message(t.world.prompts.answer('again'))
      const receipt = await t.backend.send(agent, message, t.signal)
      check(receipt.delivery !== 'refused', `send() to a ready agent is not refused: ${receipt.reason?.text}`)
      check(!Number.isNaN(Date.parse(receipt.at)), 'the receipt carries its time')
      if (receipt.delivery === 'confirmed' || receipt.delivery === 'queued')
        check(receipt.evidence.length > 0, 'a receipt that proves arrival carries its evidence')
      if (receipt.delivery !== 'unconfirmed') await t.rest(agent, message.text)
    },
  },
  {
    id: 'send-to-a-stopped-agent-is-refused',
    requires: [],
    because: 'a message that nobody will read must not look delivered',
    async run(t) {
      const agent = await begun(t)
      await t.backend.stop(agent, t.signal)
      const receipt = await t.send(agent, 'anyone there')
      checkEqual(receipt.delivery, 'refused', 'send() to a stopped agent is refused')
      check(isReason(receipt.reason), 'a refusal says why')
    },
  },
  {
    id: 'send-to-an-ended-program-is-refused',
    requires: ['programs'],
    because: 'a message typed into a dead window looks delivered and is read by nobody',
    async run(t) {
      const agent = await exited(t, 0)
      const receipt = await t.send(agent, 'anyone there')
      checkEqual(receipt.delivery, 'refused', 'send() to an agent whose program ended is refused')
      checkEqual(await countReceived(t, agent, 'anyone there'), 0, 'the refused message was not received')
    },
  },
  {
    id: 'send-under-an-aborted-signal-sends-nothing',
    requires: [],
    because: 'what was cancelled before it began must not arrive later',
    async run(t) {
      const agent = await begun(t)
      const reason = new Error('given up')
      const outcome = await settle(t.backend.send(agent, t.message('cancelled'), AbortSignal.abort(reason)))
      check('error' in outcome && outcome.error === reason, 'send() under an aborted signal rejects with its reason')
      const last = t.world.prompts.answer('the end')
      await t.send(agent, last)
      await t.rest(agent, last)
      checkEqual(await countReceived(t, agent, 'cancelled'), 0, 'send() under an aborted signal sends nothing')
    },
  },
  {
    id: 'send-reaches-only-its-agent',
    requires: [],
    because: 'a message to the wrong agent is executed by the wrong agent',
    async run(t) {
      const [one, two] = [await begun(t), await begun(t)]
      await t.send(one, 'only for one')
      await t.rest(one, 'only for one')
      checkEqual(await countReceived(t, two, 'only for one'), 0, 'another agent does not receive the message')
    },
  },
]
