import type { ContractCase } from '../case.ts'
import { check, checkEqual } from '../check.ts'
import { countReceived, foundIds, observeOnceKnown, wordOf } from '../looks.ts'
import { begun, working } from '../situations.ts'

export const serverCases: readonly ContractCase[] = [
  {
    id: 'capabilities-need-no-look',
    requires: [],
    because: 'an unsupported call is refused before anything is asked of a server that may be slow',
    async run(t) {
      const { ref } = await t.create()
      const before = t.backend.capabilitiesOf(ref)
      const during = await t.whileFrozen('capabilitiesOf() answers though the server does not', async () =>
        t.backend.capabilitiesOf(ref),
      )
      checkEqual(during, before, 'capabilitiesOf() answers the same while the server does not answer')
      const promised = t.backend.capabilitiesOf(null)
      checkEqual([...before].sort(), [...promised].sort(), 'a new agent can what was promised')
    },
  },
  {
    id: 'capabilities-are-known-before',
    requires: [],
    because: 'spawn --wait goes on or is refused by what is said of an agent that is not made yet',
    async run(t) {
      const request = t.world.request()
      const said = (await t.backend.capabilitiesFor?.(request, t.signal)) ?? t.backend.capabilitiesOf(null)
      checkEqual(await foundIds(t), [], 'capabilitiesFor() makes nothing')
      const { ref } = await t.create(request)
      const can = t.backend.capabilitiesOf(ref)
      checkEqual([...can].sort(), [...said].sort(), 'an agent can do what capabilitiesFor() said of it')
    },
  },
  {
    id: 'capabilities-have-their-methods',
    requires: [],
    because: 'core calls what the capability promises',
    async run(t) {
      check(!t.can('requests') || t.backend.answer !== undefined, 'with "requests" there is answer()')
      check(!t.can('answers') || t.backend.finalAnswer !== undefined, 'with "answers" there is finalAnswer()')
      check(!t.can('attach') || t.backend.attach !== undefined, 'with "attach" there is attach()')
      check(!t.can('interrupt') || t.backend.interrupt !== undefined, 'with "interrupt" there is interrupt()')
      check(!t.can('resume') || t.backend.resume !== undefined, 'with "resume" there is resume()')
      check(!t.can('server') || t.backend.server !== undefined, 'with "server" there is a server control')
    },
  },
  {
    id: 'probe-before-the-first-agent',
    requires: [],
    because: 'the default backend is chosen before any server runs',
    async run(t) {
      const probe = await t.backend.probe(t.signal)
      check(probe.ok || probe.startable, 'a usable backend is reached or can be started')
      check(probe.ok || probe.error !== null, 'a server that was not reached has a reason')
    },
  },
  {
    id: 'probe-names-the-incarnation',
    requires: [],
    because: 'a handle is trusted only in the server incarnation that gave it',
    async run(t) {
      const { result } = await t.create()
      const probe = await t.backend.probe(t.signal)
      check(probe.ok, 'the server of a created agent is reached')
      checkEqual(probe.epoch, result.epoch, 'probe() and create() name the same incarnation')
      const { server } = await t.backend.observe([], t.signal)
      checkEqual(server.epoch, result.epoch, 'observe() and create() name the same incarnation')
    },
  },
  {
    id: 'probe-of-a-mute-server-is-not-ok',
    requires: [],
    because: 'a process that is there and does not answer is not health',
    async run(t) {
      await t.create()
      const probe = await t.whileFrozen('probe() answers by itself though the server does not', () =>
        t.backend.probe(t.signal),
      )
      check(!probe.ok && probe.error !== null, 'a server that does not answer is not ok, with a reason')
    },
  },
  {
    id: 'killed-turns-are-never-completed',
    requires: ['turns'],
    because: 'a server that died under an agent must not look like success',
    async run(t) {
      const agent = await working(t)
      await t.killServer()
      const seen = await observeOnceKnown(t, agent)
      const word = wordOf(seen)
      check(word === 'lost' || word === 'present', `after the death of its server the agent is not "${word}"`)
      const { turn } = seen
      const over = turn.known && turn.value.status === 'ended' && turn.value.how === 'interrupted'
      check(word === 'lost' || over, 'a turn that was open when its server died ended "interrupted"')
    },
  },
  {
    id: 'killed-agents-are-not-gone',
    requires: [],
    because: '"gone" means ended on purpose: orch would complete what was in fact lost',
    async run(t) {
      const agent = await begun(t)
      await t.killServer()
      const word = wordOf(await observeOnceKnown(t, agent))
      check(word === 'lost' || word === 'present', `after the death of its server the agent is not "${word}"`)
    },
  },
  {
    id: 'killed-processes-did-not-exit-well',
    requires: ['programs'],
    because: 'the hang-up that the death of a server causes is no exit of the agent',
    async run(t) {
      const agent = await begun(t)
      await t.killServer()
      const claim = 'a process that died with its server is neither alive nor ended with code 0'
      const process = await t.eventually(claim, async () => {
        const seen = (await observeOnceKnown(t, agent)).process
        return seen.known && seen.value.alive ? undefined : seen
      })
      check(!process.known || process.value.exit?.code !== 0, claim)
    },
  },
  {
    id: 'killed-agents-that-are-kept-sleep',
    requires: [],
    because: 'a look that delivers what waits for an idle agent must not start a server',
    async run(t) {
      const agent = await begun(t)
      const before = await t.observe(agent)
      check(before.asleep !== true, 'while its server runs, an agent is not asleep')
      await t.killServer()
      const after = await t.observe(agent)
      check(wordOf(after) !== 'present' || after.asleep === true, 'what outlives its server is asleep without it')
    },
  },
  {
    id: 'restart-is-another-incarnation',
    requires: [],
    because: 'after a restart the same numbers mean other agents',
    async run(t) {
      const first = await t.create()
      await t.killServer()
      const second = await t.create()
      check(first.result.epoch === null || first.result.epoch !== second.result.epoch, 'a restart changes the epoch')
    },
  },
  {
    id: 'restart-does-not-confuse-agents',
    requires: [],
    because: 'windows and sessions are numbered again, and a message would reach a stranger',
    async run(t) {
      const old = await begun(t)
      await t.killServer()
      const young = await begun(t)
      const expected = (await foundIds(t)).includes(old.id) ? 'present' : 'lost'
      const word = wordOf(await t.observe(old))
      checkEqual(word, expected, 'observe() and find() agree about an agent of the old incarnation')
      await t.send(old, 'for the old agent')
      const prompt = t.world.prompts.answer('for the young agent')
      await t.send(young, prompt)
      await t.rest(young, prompt)
      checkEqual(
        await countReceived(t, young, 'for the old agent'),
        0,
        'no message for the old agent reaches the new one',
      )
    },
  },
  {
    id: 'restart-does-not-endanger-strangers',
    requires: [],
    because: 'stopping a lost agent must not end the one that got its number',
    async run(t) {
      const old = await begun(t)
      await t.killServer()
      const young = await begun(t)
      await t.backend.stop(old, t.signal)
      checkEqual(wordOf(await t.observe(young)), 'present', 'stop() of an old agent leaves the new one alone')
    },
  },
  {
    id: 'server-starts-and-stops',
    requires: ['server'],
    because: 'people shut a server down and see that it is down',
    async run(t) {
      check(t.backend.server !== undefined, 'a backend with the capability "server" has a server control')
      const { server } = t.backend
      const started = await server.start(t.signal)
      check(started.ok, 'start() returns a server that answers')
      checkEqual((await server.start(t.signal)).epoch, started.epoch, 'start() of a running server keeps it')
      check((await server.status(t.signal)).ok, 'status() shows the running server')
      check(!(await server.stop(t.signal)).ok, 'stop() returns a server that does not answer')
      check(!(await server.stop(t.signal)).ok, 'stop() twice is fine')
      check(!(await server.status(t.signal)).ok, 'status() shows the stopped server and does not start it')
    },
  },
]
