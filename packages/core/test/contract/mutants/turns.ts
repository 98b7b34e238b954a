import type { Field, Turn } from '../../../src/backend.ts'
import { claimed, type Mutant, withObservations } from './mutant.ts'

type Ended = Extract<Turn, { status: 'ended' }>

const endedAs = (turn: Field<Turn>, how: Ended['how']): Field<Turn> =>
  turn.known && turn.value.status === 'ended' ? { ...turn, value: { ...turn.value, how } } : turn

export const turnMutants: readonly Mutant[] = [
  {
    name: 'every turn ends interrupted',
    fails: { 'turn-opens-and-ends': 'a turn that ran to its end is completed' },
    break: (backend) => withObservations(backend, (seen) => ({ ...seen, turn: endedAs(seen.turn, 'interrupted') })),
  },
  {
    name: 'every turn ends completed',
    fails: {
      'turn-ended-by-an-error-says-so': 'a turn that failed ended in an error',
      'interrupt-ends-the-turn-and-keeps-the-agent': 'an interrupted turn ended "interrupted"',
    },
    break: (backend) => withObservations(backend, (seen) => ({ ...seen, turn: endedAs(seen.turn, 'completed') })),
  },
  {
    name: 'the look after a send shows the turn before',
    fails: { 'turn-is-not-over-while-a-message-is-on-its-way': 'before it ran' },
    break(backend) {
      let before: Field<Turn> | undefined
      let sent = false
      const inner = withObservations(backend, (seen) => {
        const turn = sent && before ? before : seen.turn
        sent = false
        before = seen.turn
        return { ...seen, turn }
      })
      return {
        ...inner,
        send(agent, message, signal) {
          sent = true
          return backend.send(agent, message, signal)
        },
      }
    },
  },
  {
    name: 'attempts are ignored',
    fails: {
      'turn-is-not-over-while-an-attempt-may-arrive': 'does not count as ended while an attempt may still arrive',
      'turn-tells-what-arrived': 'observe() names the attempt that arrived',
    },
    break: (backend) => ({
      ...backend,
      observe: (agents, signal) =>
        backend.observe(
          agents.map((agent) => ({ ...agent, attempts: [] })),
          signal,
        ),
    }),
  },
  {
    name: 'messages to a busy agent are dropped',
    fails: { 'turn-takes-messages-while-it-runs': 'the program received "[[answer: next]]"' },
    break: (backend) => ({
      ...backend,
      async send(agent, message, signal) {
        const { observations } = await backend.observe([agent], signal)
        const turn = observations[0]?.turn
        const busy = turn?.known && turn.value.status === 'running'
        return busy ? claimed(message.id) : backend.send(agent, message, signal)
      },
    }),
  },
]
