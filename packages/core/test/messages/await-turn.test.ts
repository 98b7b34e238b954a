import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { Capability } from '../../src/agent.ts'
import { type Backend, NOT_SHOWN } from '../../src/backend.ts'
import { send } from '../../src/messages/send.ts'
import { abandon } from '../../src/orchestrator/abandon.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { status } from '../../src/orchestrator/status.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await createPlace(scope)
})

describe('send() with wait', () => {
  it('brings the answer to its own message, never that of the turn before', async () => {
    const { orch, id } = await place.spawn('[[answer: first]]')
    for (const word of ['second', 'third', 'fourth']) {
      const { answer, outcome } = await send(orch, id, `[[answer: ${word}]]`, { wait: true })
      expect({ answer, outcome }).toMatchObject({ answer: { text: word, usage: { outputTokens: 1 } }, outcome: 'met' })
    }
  })

  it('waits for its own turn behind one that runs', async () => {
    const { orch, id } = await place.spawn('[[hang: the turn before]]')
    const sending = send(orch, id, '[[answer: mine]]', { wait: true })
    await eventually(() => place.server.received(id).includes('[[answer: mine]]'))
    place.server.finish(id)
    expect(await sending).toMatchObject({ receipt: { delivery: 'queued' }, answer: { text: 'mine' } })
  })

  it('keeps its answer when somebody else started the next turn meanwhile', async () => {
    const { orch, id } = await place.spawn('x')
    const other = await place.open()
    const sending = send(orch, id, '[[hang: mine]]', { wait: true })
    await eventually(() => place.server.received(id).includes('[[hang: mine]]'))
    await send(other, id, '[[permission: run make]]')
    place.server.finish(id)
    expect(await sending).toMatchObject({ outcome: 'met', answer: { text: 'mine and done' } })
  })

  it('takes no control sequence of a model into the document', async () => {
    const { orch, id } = await place.spawn('x')
    const { answer } = await send(orch, id, '[[answer: red\x1b[31m]]', { wait: true })
    expect(answer?.text).toBe('red')
  })

  it('says that there is no answer when the turn was interrupted', async () => {
    const { orch, id } = await place.spawn('x')
    const sending = send(orch, id, '[[hang: on]]', { wait: true })
    await eventually(() => place.server.received(id).includes('[[hang: on]]'))
    const backend = await orch.backend('memory')
    const stored = await orch.registry.get(id)
    if (stored === null) throw new Error('There is no record')
    await backend.interrupt?.({ ...stored.record }, new AbortController().signal)
    expect(await sending).toMatchObject({ outcome: 'idle', answer: null, receipt: { delivery: 'confirmed' } })
  })

  it('ends as lost, or closed, when the agent does', async () => {
    const { orch, id } = await place.spawn('x')
    const sending = send(orch, id, '[[hang: on]]', { wait: true })
    await eventually(() => place.server.received(id).includes('[[hang: on]]'))
    place.server.restart()
    expect(await sending).toMatchObject({ outcome: 'lost', answer: null, receipt: { delivery: 'confirmed' } })
    const second = await place.spawn('x')
    const closing = send(second.orch, second.id, '[[hang: on]]', { wait: true })
    await eventually(() => place.server.received(second.id).includes('[[hang: on]]'))
    await abandon(await place.open(), [second.id])
    expect(await closing).toMatchObject({ outcome: 'closed', answer: null })
  })

  it.each([['turns'], ['answers']] as const)('is refused before anything is sent without "%s"', async (capability) => {
    const { orch, id } = await place.spawn('x', { memory: { without: [capability] } })
    await expect(send(orch, id, 'never', { wait: true })).rejects.toMatchObject({ code: 'UNSUPPORTED', agent: id })
    expect(place.server.received(id)).not.toContain('never')
    expect((await orch.registry.get(id))?.record.attempts).toEqual([])
  })

  it('waits for nothing when the message was refused, or when nobody asked for it', async () => {
    const { orch, id } = await place.spawn('[[permission: run make]]')
    const nothing = { outcome: null, answer: null }
    expect(await send(orch, id, 'no', { wait: true })).toMatchObject({ ...nothing, receipt: { delivery: 'refused' } })
    expect(await send(orch, id, 'yes', { force: true })).toMatchObject(nothing)
  })
})

describe('spawn() with wait', () => {
  it('brings the answer to its task, and the agent as it is then', async () => {
    const document = await spawn(await place.open(), { task: '[[answer: made]]', wait: true })
    expect(document).toMatchObject({ outcome: 'met', answer: { text: 'made' }, agent: { state: 'idle' } })
  })

  it('does not look again once it has the answer', async () => {
    const calls: string[] = []
    const wrap = (backend: Backend): Backend => ({
      ...backend,
      observe: (...given) => {
        calls.push('observe')
        return backend.observe(...given)
      },
      finalAnswer: async (...given) => {
        calls.push('finalAnswer')
        return (await backend.finalAnswer?.(...given)) ?? null
      },
    })
    await spawn(await place.open({ wrap }), { task: '[[answer: made]]', wait: true })
    expect(calls.filter((call) => call === 'finalAnswer')).toHaveLength(1)
    expect(calls.at(-1)).toBe('finalAnswer')
  })

  it('of a key that is held brings the answer to that task', async () => {
    const orch = await place.open()
    const first = await spawn(orch, { task: '[[answer: made]]', key: 'k', wait: true })
    await send(orch, first.agent.id, '[[answer: later]]', { wait: true })
    const again = await spawn(orch, { task: '[[answer: made]]', key: 'k', wait: true })
    expect(again).toMatchObject({ created: false, outcome: 'met', answer: { text: 'made' } })
  })

  it('brings the answer to a task that was given as the agent was made', async () => {
    const wrap = (backend: Backend): Backend => ({
      ...backend,
      async create(request, signal) {
        const { target, directory, id } = request
        const made = await backend.create(request, signal)
        const agent = { id, target, directory, handle: made.handle, facts: null, attempts: [] }
        const receipt = await backend.begin(agent, { id: 'unknown', text: request.prompt }, signal)
        return { ...made, begun: true, receipt: { ...receipt, messageId: null, delivery: 'accepted' } }
      },
    })
    const document = await spawn(await place.open({ wrap }), { task: '[[answer: made]]', wait: true })
    expect(document).toMatchObject({ outcome: 'met', answer: { text: 'made' }, prompt: { messageId: null } })
  })

  it('of a key brings it also when the process that gave the task did not come to note the message', async () => {
    const task = { task: '[[answer: made]]', key: 'k', wait: true }
    const dying = await place.open({ memory: { crash: { at: 'begin:after', how: 'reject' } } })
    await expect(spawn(dying, task)).rejects.toMatchObject({ outcome: 'unknown' })
    const document = await spawn(await place.open(), task)
    expect(document).toMatchObject({ created: false, outcome: 'met', answer: { text: 'made' } })
    expect((await dying.registry.get(document.agent.id))?.record.prompt).toBeNull()
  })

  it('goes by what its backend says of the agent that is to be made', async () => {
    const plans: unknown[] = []
    const saying = (can: readonly Capability[]): Promise<Orch> =>
      place.open({
        memory: { without: ['answers'] },
        wrap: (backend) => ({
          ...backend,
          finalAnswer: async () => ({ text: 'told', usage: null }),
          capabilitiesFor: async (plan) => {
            plans.push(plan)
            return can
          },
        }),
      })
    const task = { task: '[[answer: made]]', wait: true, program: 'simulated' }
    for (const can of [[], ['turns'], ['answers']] as const)
      await expect(spawn(await saying(can), task)).rejects.toMatchObject({ code: 'UNSUPPORTED', outcome: 'none' })
    expect(await status(await place.open(), { ended: true })).toMatchObject({ agents: [], orphans: [] })
    expect(await spawn(await saying(['turns', 'answers']), task)).toMatchObject({ answer: { text: 'told' } })
    expect(plans.at(-1)).toMatchObject({ directory: place.project, program: null, programName: 'simulated' })
  })

  it('tells of the agent that is there when it turns out to show no turns', async () => {
    const wrap = (backend: Backend): Backend => ({
      ...backend,
      async observe(...given) {
        const result = await backend.observe(...given)
        const turn = { known: false, reason: { code: NOT_SHOWN, text: 'Not shown' } } as const
        return { ...result, observations: result.observations.map((seen) => ({ ...seen, turn })) }
      },
    })
    const orch = await place.open({ wrap })
    const { agents } = await spawn(orch, { task: 'x', wait: true }).then(
      () => ({ agents: [] }),
      async (error: unknown) => {
        const seen = await status(orch)
        expect(error).toMatchObject({ code: 'UNSUPPORTED', outcome: 'partial', agent: seen.agents[0]?.id })
        return seen
      },
    )
    expect(agents).toMatchObject([{ state: 'running' }])
  })

  it('ends with its time, the agent going on', async () => {
    const document = await spawn(await place.open(), { task: '[[hang: on]]', wait: true, timeoutMs: 100 })
    expect(document).toMatchObject({ outcome: 'timeout', answer: null, agent: { state: 'working' } })
  })

  it('is refused before anything is made without "turns"', async () => {
    const orch = await place.open({ memory: { without: ['turns'] } })
    await expect(spawn(orch, { task: 'never', wait: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect((await status(orch, { ended: true })).agents).toEqual([])
  })
})
