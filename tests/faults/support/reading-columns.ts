import { expect } from '@jest/globals'
import type { Agent, CheckDocument, StatusDocument, WaitDocument } from '@orch/core'
import { textsOfTail } from '../../stories/support/tail.ts'
import type { Column } from './column.ts'
import type { Lane } from './lane.ts'

const wordOf = ({ state, reason }: Agent): string => (state === 'unknown' ? reason.code : state)

/** With the fault gone the agent is what it was. */
async function unchanged({ place, reader, agent }: Lane): Promise<void> {
  expect(await agent(reader)).toMatchObject({ state: 'idle', lifecycle: 'active' })
  expect(await textsOfTail(place, reader, '-n', '1')).toEqual(['reader'])
}

/** Commands that only read; all of them read the lane's reader. */
export const READING: readonly Column[] = [
  {
    name: 'status',
    prepare: async (lane) => ({
      args: ['status'],
      said: ({ complete, agents }: StatusDocument) => {
        const agent = agents.find(({ id }) => id === lane.reader)
        return agent && (complete || agent.state === 'unknown' ? wordOf(agent) : `partly ${wordOf(agent)}`)
      },
      after: () => unchanged(lane),
    }),
  },
  {
    name: 'check',
    prepare: async (lane) => ({
      args: ['check', lane.reader],
      said: ({ agent, warnings, tail }: CheckDocument) => {
        const isWhole = tail.at(-1)?.text === 'reader'
        return `${wordOf(agent)}, tail ${isWhole ? 'whole' : (warnings[0]?.code ?? 'missing')}`
      },
      after: () => unchanged(lane),
    }),
  },
  {
    name: 'tail',
    prepare: async (lane) => ({ args: ['tail', lane.reader, '-n', '1'], after: () => unchanged(lane) }),
  },
  {
    name: 'tail -f',
    prepare: async (lane) => ({
      args: ['tail', '-f', lane.reader],
      until: (stdout) => stdout.includes('"type":"state"'),
      after: () => unchanged(lane),
    }),
  },
  {
    name: 'wait',
    prepare: async (lane) => ({
      args: ['wait', lane.reader, '--until', 'idle', '--timeout', '6s'],
      said: ({ outcome }: WaitDocument) => outcome,
      async after() {
        await unchanged(lane)
        const again = await lane.place.orch('wait', lane.reader, '--until', 'idle', '--timeout', '10s')
        expect(again).toMatchObject({ code: 0 })
      },
    }),
  },
]
