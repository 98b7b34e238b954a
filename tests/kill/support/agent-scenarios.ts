import { expect } from '@jest/globals'
import type { AnswerDocument } from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import type { OrchRun } from '../../harness/orch.ts'
import { newAgent, type Scenario, type Stage, spawnLine } from './scenarios.ts'

/**
 * What agents themselves do: an `ask` that is killed, an `answer` to one that is not, and a spawn by an agent. No backend has a
 * part in how they survive, so that one is enough.
 */
export function agentScenarios(): readonly Scenario[] {
  const answering = new Map<string, () => Promise<void>>()
  const asking = new Map<string, Promise<OrchRun>>()
  return [
    {
      name: 'spawn by an agent',
      at: /^limits-/,
      // The scenarios before this one leave more agents than agents may add to.
      async prepareAll({ world, ledger }) {
        expect(await world.place.orch('config', 'set', 'limits.agents', '1000')).toMatchObject({ code: 0 })
        return await newAgent(world, ledger, 'parent')
      },
      async prepare({ world, ledger, name, shared }) {
        ledger.spawns.push({ name, must: false })
        return spawnLine(world, name, '--parent', shared)
      },
      async after({ world, ledger, name, shared }) {
        ledger.spawns.push({ name: `${name}-again`, must: true })
        const again = await world.place.orch(...spawnLine(world, `${name}-again`, '--parent', shared))
        expect(again).toMatchObject({ code: 0 })
      },
    },
    {
      name: 'ask',
      at: /^(ask|question|answer)-/,
      prepareAll: ({ world, ledger }) => newAgent(world, ledger, 'asker'),
      async prepare(stage) {
        answering.set(stage.name, answerAll(stage))
        return ['ask', `${stage.name}?`, '--id', stage.shared]
      },
      async after({ world, name, shared }) {
        const again = await world.place.orch('ask', `${name}?`, '--id', shared, '--timeout', '60s')
        expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(`^to ${name}\\?( \\(2\\))?\n$`) })
        await answering.get(name)?.()
      },
    },
    {
      name: 'answer to one who waits',
      at: /^answer-/,
      prepareAll: ({ world, ledger }) => newAgent(world, ledger, 'waiter'),
      async prepare(stage) {
        const { world, name, shared } = stage
        asking.set(name, world.place.orch('ask', `${name}?`, '--id', shared, '--timeout', '60s'))
        const request = await eventually(async () => (await openQuestions(stage))[0])
        return ['answer', shared, `to ${name}`, '--request', request.id]
      },
      async after(stage) {
        const { world, name, shared } = stage
        for (const { id } of await openQuestions(stage))
          await world.place.orch('answer', shared, `to ${name}`, '--request', id)
        expect(await asking.get(name)).toMatchObject({ code: 0, stdout: `to ${name}\n` })
        expect(await openQuestions(stage)).toEqual([])
      },
    },
  ]
}

/** Answers whatever is asked under this name, again and again, until what it returns is called. */
function answerAll(stage: Stage): () => Promise<void> {
  let stopped = false
  const done = eventually(
    async () => {
      for (const { id, text } of await openQuestions(stage))
        await stage.world.place.orch('answer', stage.shared, `to ${text}`, '--request', id)
      return stopped
    },
    { timeoutMs: 120_000, intervalMs: 100, what: 'the end of all questions' },
  )
  return async () => {
    stopped = true
    await done
  }
}

async function openQuestions({ world, name, shared }: Stage): Promise<AnswerDocument['requests']> {
  const { requests } = await world.place.json<AnswerDocument>('answer', shared)
  return requests.filter(({ text }) => text.startsWith(`${name}?`))
}
