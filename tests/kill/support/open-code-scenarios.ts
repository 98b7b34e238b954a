import { expect } from '@jest/globals'
import { newAgent, type Scenario, type Stage } from './scenarios.ts'

/** What only agents of an OpenCode server can go through: its server may be down. */
export const OPEN_CODE_SCENARIOS: readonly Scenario[] = [
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

async function agentWithoutServer({ world, ledger, name }: Stage): Promise<string> {
  const id = await newAgent(world, ledger, name)
  expect(await world.place.orch('wait', '--until', 'idle', id)).toMatchObject({ code: 0 })
  expect(await world.place.orch('server', 'stop')).toMatchObject({ code: 0 })
  ledger.ended.push(id)
  return id
}
