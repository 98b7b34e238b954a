import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import type { CheckDocument, SendDocument } from '@orch/core'
import type { Ledger } from './ledger.ts'
import { newAgent, type Scenario, type Stage } from './scenarios.ts'
import type { World } from './world.ts'

/** What only agents of an OpenCode server can go through: they show their turns, and their server may be down. */
export const OPEN_CODE_SCENARIOS: readonly Scenario[] = [
  {
    name: 'send that waits for idle',
    async prepare(stage) {
      const id = await busyAgent(stage)
      const text = `<${stage.name}>`
      stage.ledger.messages.push({ id, text, sure: false })
      return ['send', id, text, '--when', 'idle']
    },
    async after({ world, ledger, name }) {
      const message = messageOf(ledger, name)
      expect(await world.place.orch('interrupt', message.id)).toMatchObject({ code: 0 })
      message.sure = (await recordOf(world, message.id)).includes(message.text)
    },
  },
  {
    name: 'check that delivers what waits for idle',
    at: /^(queue|claim|attempt|message)/,
    async prepare(stage) {
      const id = await busyAgent(stage)
      const text = `<${stage.name}>`
      stage.ledger.messages.push({ id, text, sure: false })
      const { receipt } = await stage.world.place.json<SendDocument>('send', id, text, '--when', 'idle')
      expect(receipt).toMatchObject({ delivery: 'queued', reason: { code: 'WAITS_FOR_IDLE' } })
      expect(await stage.world.place.orch('interrupt', id)).toMatchObject({ code: 0 })
      return ['check', id]
    },
    async after({ world, ledger, name }) {
      const message = messageOf(ledger, name)
      const { queue } = await world.place.json<CheckDocument>('check', message.id)
      expect(queue.filter(({ triedAt }) => triedAt === null)).toEqual([])
      message.sure = queue.length === 0
    },
  },
  {
    name: 'abandon while the server is down',
    at: /^(opencode-put-away-noted|abandon-stopped)/,
    atOnce: 1,
    async prepare(stage) {
      const id = await agentWithoutServer(stage)
      return ['abandon', id]
    },
    async after({ world, ledger }) {
      const id = ledger.ended.at(-1) as string
      expect(await world.place.orch('abandon', id)).toMatchObject({ code: 0 })
      expect(await world.place.orch('server', 'start')).toMatchObject({ code: 0 })
    },
  },
  {
    name: 'server start after that',
    at: /^opencode-noted/,
    atOnce: 1,
    async prepare(stage) {
      const id = await agentWithoutServer(stage)
      expect(await stage.world.place.orch('abandon', id)).toMatchObject({ code: 0 })
      return ['server', 'start']
    },
    async after({ world }) {
      expect(await world.place.orch('server', 'start')).toMatchObject({ code: 0 })
    },
  },
]

/** An agent in a turn that only ends when it is interrupted. */
async function busyAgent({ world, ledger, name }: Stage): Promise<string> {
  const id = await newAgent(world, ledger, name)
  expect(await world.place.orch('wait', '--until', 'idle', id)).toMatchObject({ code: 0 })
  expect(await world.place.orch('send', id, '[[hang]]')).toMatchObject({ code: 0 })
  expect(await world.place.orch('wait', '--until', 'working', id)).toMatchObject({ code: 0 })
  return id
}

/** The message whose text is that of this run. */
function messageOf({ messages }: Ledger, name: string): Ledger['messages'][number] {
  const message = messages.find(({ text }) => text === `<${name}>`)
  if (message !== undefined) return message
  throw new Error(`Cannot find the message of "${name}"`)
}

function recordOf({ place }: World, id: string): Promise<string> {
  return readFile(join(place.state, 'agents', `${id}.jsonl`), 'utf8')
}

async function agentWithoutServer({ world, ledger, name }: Stage): Promise<string> {
  const id = await newAgent(world, ledger, name)
  expect(await world.place.orch('wait', '--until', 'idle', id)).toMatchObject({ code: 0 })
  expect(await world.place.orch('server', 'stop')).toMatchObject({ code: 0 })
  ledger.ended.push(id)
  return id
}
