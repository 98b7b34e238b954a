import type { Receipt } from '../../agent.ts'
import type { AgentRef, CreateRequest } from '../../backend.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, settle } from '../check.ts'
import { answerTo, countReceived, EVERYTHING, existenceOf, openRequest, wordOf } from '../looks.ts'
import { begun, waiting, working } from '../situations.ts'

const READ = { last: EVERYTHING, before: null, raw: false }

/** The death of the server during each kind of call. */
export const killedCases: readonly ContractCase[] = [
  {
    id: 'killed-during-a-look-claims-nothing',
    requires: [],
    because: 'a look that was cut off saw nothing, and what was not seen is not gone',
    async run(t) {
      const agent = await begun(t)
      const [probe, found, looked, page] = await t.whileDying('every look ends when its server dies', () =>
        Promise.all([
          settle(t.backend.probe(t.signal)),
          settle(t.backend.find([agent.target], t.signal)),
          settle(t.backend.observe([agent], t.signal)),
          settle(t.backend.read(agent, READ, t.signal)),
        ]),
      )
      check('value' in probe && !probe.value.ok, 'probe() of a server that dies is not ok')
      const seen = 'value' in looked ? looked.value.observations.map(wordOf) : []
      check(seen.length === 1 && seen[0] !== 'gone', 'observe() of a server that dies does not say "gone"')
      const empty = 'value' in page && page.value.items.length === 0 && page.value.gap === null
      check(!empty, 'read() of a server that dies is not silently empty')
      const isThere = (await existenceOf(t, agent)) === 'present'
      const hidden = 'value' in found && !found.value.some(({ id }) => id === agent.id)
      check(!(isThere && hidden), 'find() of a server that dies does not hide an agent that is present')
    },
  },
  {
    id: 'killed-during-an-act-claims-nothing',
    requires: [],
    because: 'a message that is only believed to be sent is missed by nobody until it is too late',
    async run(t) {
      const agent = await begun(t)
      const request = t.world.request()
      const [sent, created] = await t.whileDying('every act ends when its server dies', () =>
        Promise.all([
          settle(t.backend.send(agent, t.message('into the dark'), t.signal)),
          settle(t.backend.create(request, t.signal)),
        ]),
      )
      await t.create()
      await checkSent(t, agent, 'value' in sent ? sent.value : null)
      const made = await foundOf(t, request)
      check(made <= 1, 'create() of a server that dies makes at most one agent')
      check(!('value' in created) || made === 1, 'what create() returned while its server died is there')
    },
  },
  {
    id: 'killed-during-begin-claims-nothing',
    requires: [],
    because: 'a task that is only believed to be given is worked on by nobody',
    async run(t) {
      const { ref } = await t.create()
      const begin = await t.whileDying('begin() ends when its server dies', () =>
        settle(t.backend.begin(ref, t.message('into the dark'), t.signal)),
      )
      await t.create()
      await checkSent(t, ref, 'value' in begin ? begin.value : null)
    },
  },
  {
    id: 'killed-during-stop-claims-nothing',
    requires: [],
    because: 'an agent that is believed ended is forgotten, and turns up as a stranger when its server is back',
    async run(t) {
      const agent = await begun(t)
      const stopped = await t.whileDying('stop() ends when its server dies', () =>
        settle(t.backend.stop(agent, t.signal)),
      )
      await t.create()
      const proven = 'value' in stopped && stopped.value.proven
      const word = await existenceOf(t, agent)
      check(!proven || word !== 'present', 'a stop() that is proven while its server died ended the agent')
    },
  },
  {
    id: 'killed-during-an-answer-claims-nothing',
    requires: ['requests'],
    because: 'the turn that asked is over, and a permission that was given to nobody looks used',
    async run(t) {
      const agent = await waiting(t)
      const request = await openRequest(t, agent)
      const answered = await t.whileDying('answer() ends when its server dies', () =>
        settle(answerTo(t, agent, request)),
      )
      const claims = 'value' in answered && answered.value.result === 'answered'
      check(!claims, 'answer() that lost its server does not say "answered"')
    },
  },
  {
    id: 'killed-during-an-interrupt-claims-nothing',
    requires: ['interrupt', 'turns'],
    because: 'a turn that died with its server was not ended by anyone who asked for it',
    async run(t) {
      const agent = await working(t)
      const interrupted = await t.whileDying('interrupt() ends when its server dies', () =>
        settle(t.backend.interrupt?.(agent, t.signal) ?? Promise.reject(new Error('there is no interrupt()'))),
      )
      const claims = 'value' in interrupted && interrupted.value.interrupted
      check(!claims, 'interrupt() that lost its server does not say that it interrupted')
    },
  },
]

/** How many agents of the request are there; they are ended with the case. */
async function foundOf(t: CaseContext, { id, directory }: CreateRequest): Promise<number> {
  const found = (await t.backend.find([t.backend.target], t.signal)).filter((entry) => entry.id === id)
  for (const { target, handle } of found) t.adopt({ id, target, handle, directory, facts: null, attempts: [] })
  return found.length
}

async function checkSent(t: CaseContext, agent: AgentRef, receipt: Receipt | null): Promise<void> {
  const times = await countReceived(t, agent, 'into the dark')
  check(times <= 1, 'a message that was sent while its server died arrives at most once')
  const claims = receipt !== null && ['confirmed', 'queued'].includes(receipt.delivery)
  check(!claims || times === 1, `a message is "${receipt?.delivery}" only when it has arrived`)
  check(receipt?.delivery !== 'refused' || times === 0, 'a message that was refused has not arrived')
}
