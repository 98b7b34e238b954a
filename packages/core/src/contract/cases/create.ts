import type { ContractCase } from '../case.ts'
import { check, checkEqual, checkRejects, settle } from '../check.ts'
import { foundIds } from '../looks.ts'
import { spawnAtOnce } from '../spawn-elsewhere.ts'

export const createCases: readonly ContractCase[] = [
  {
    id: 'create-is-findable',
    requires: [],
    because: 'recovery after a crash knows only the id and the target, and finds the agent by them',
    async run(t) {
      const { ref } = await t.create()
      const found = await t.backend.find([ref.target], t.signal)
      const mine = found.filter((entry) => entry.id === ref.id)
      checkEqual(mine.length, 1, 'find() shows the created agent once')
      checkEqual(mine[0]?.target, ref.target, 'find() names the target it was created at')
      const seen = await t.observe({ ...ref, handle: mine[0]?.handle ?? null })
      check(
        seen.existence.known && seen.existence.value === 'present',
        'the handle that find() returns leads to the agent',
      )
    },
  },
  {
    id: 'create-twice-is-refused',
    requires: [],
    because: 'a spawn that is tried again must not give one task to two agents',
    async run(t) {
      const { ref, request } = await t.create()
      await checkRejects(
        t.create(request),
        ['AGENT_EXISTS'],
        'a second create() of the same id rejects with AGENT_EXISTS',
      )
      checkEqual(await foundIds(t), [ref.id], 'after a refused create() there is still one agent')
    },
  },
  {
    id: 'create-looks-before-it-creates',
    requires: [],
    because: 'the process that made the first agent may be dead, so its memory cannot be what refuses',
    async run(t) {
      const { ref, request } = await t.create()
      const other = await t.open()
      await checkRejects(
        t.create(request, other),
        ['AGENT_EXISTS'],
        'create() of an id that another client made rejects with AGENT_EXISTS',
      )
      checkEqual(await foundIds(t), [ref.id], 'after a refused create() there is still one agent')
    },
  },
  {
    id: 'create-several-at-once',
    requires: [],
    because: 'twenty spawns at once are ordinary, and the first of them may have to start the server',
    async run(t) {
      const requests = Array.from({ length: 5 }, () => t.world.request())
      await Promise.all(requests.map((request) => t.create(request)))
      const ids = requests.map((request) => request.id).sort()
      checkEqual((await foundIds(t)).sort(), ids, 'each of five create() calls at once made its agent')
    },
  },
  {
    id: 'create-by-twenty-processes-makes-one',
    requires: [],
    because: 'a script that is started twice must not give one task to two agents, nor twice to one',
    async run(t) {
      const task = t.world.prompts.answer('one of twenty')
      const ids = await spawnAtOnce(t, 20, task)
      const found = await t.backend.find([t.backend.target], t.signal)
      const { directory } = t.world.request()
      const agents = found.map(({ id, target, handle }) =>
        t.adopt({ id, target, handle, directory, facts: null, attempts: [] }),
      )
      checkEqual(agents.length, 1, 'twenty spawns of one key at once made one agent on the server')
      const [agent] = agents
      check(agent !== undefined, 'find() shows the agent')
      checkEqual([...new Set(ids)], [agent.id], 'each of twenty spawns returned that agent')
      const tasks = await t.eventually('the agent received its task', async () => {
        const received = await t.world.received(agent)
        return received.length > 0 ? received : undefined
      })
      checkEqual(tasks.filter((text) => text.includes(task)).length, 1, 'the agent was given its task once')
    },
  },
  {
    id: 'create-aborted-before-makes-nothing',
    requires: [],
    because: 'a caller that gave up before the call must not find an agent later',
    async run(t) {
      const request = t.world.request()
      const reason = new Error('given up')
      const outcome = await settle(t.backend.create(request, AbortSignal.abort(reason)))
      check('error' in outcome, 'create() under an aborted signal rejects')
      check(outcome.error === reason, 'create() under an aborted signal rejects with its reason')
      await t.create()
      check(!(await foundIds(t)).includes(request.id), 'create() under an aborted signal made nothing')
    },
  },
  {
    id: 'create-aborted-during-is-whole-or-nothing',
    requires: [],
    because: 'what was made by an abandoned call must be findable, or nobody ever ends it',
    async run(t) {
      const request = t.world.request()
      const controller = new AbortController()
      const first = settle(t.backend.create(request, controller.signal))
      controller.abort(new Error('given up'))
      await first
      const second = await settle(t.create(request))
      const found = (await t.backend.find([request.target], t.signal)).filter(({ id }) => id === request.id)
      checkEqual(found.length, 1, 'after an aborted and a second create() there is exactly one agent')
      const agent = found[0]
      if ('error' in second && agent) {
        const { id, target, handle } = agent
        const { directory } = request
        const ref = { id, target, handle, directory, facts: null, attempts: [] }
        const proof = await t.backend.stop(ref, t.signal)
        check(proof.proven, 'what an aborted create() made can be stopped by what find() returns')
      }
    },
  },
  {
    id: 'create-results-survive-json',
    requires: [],
    because: 'handle and target are stored in a record and read by another process',
    async run(t) {
      const { ref, result } = await t.create()
      const copy = JSON.parse(JSON.stringify({ ref, result })) as { ref: typeof ref }
      checkEqual(copy, { ref, result }, 'the results of create() are the same after JSON')
      const other = await t.open()
      const seen = await t.observe(copy.ref, other)
      check(
        seen.existence.known && seen.existence.value === 'present',
        'another client finds the agent by its handle after JSON',
      )
    },
  },
  {
    id: 'create-names-its-program',
    requires: ['programs'],
    because: 'people and later processes see which program runs, not which was wished for',
    async run(t) {
      const { request, result } = await t.create()
      check(result.program !== null, 'create() says which program runs')
      const wished = request.program?.name ?? request.programName
      if (wished !== null) checkEqual(result.program, wished, 'create() runs the program asked for')
    },
  },
]
