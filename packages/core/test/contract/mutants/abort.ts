import type { Backend } from '../../../src/backend.ts'
import { type Mutant, must } from './mutant.ts'

const never: AbortSignal = new AbortController().signal

type Method = 'probe' | 'find' | 'observe' | 'read' | 'send' | 'begin' | 'stop' | 'answer' | 'interrupt'

/** The method as it is called with another signal than the one it was given. */
function withSignal(
  backend: Backend,
  method: Method,
  call: (run: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal) => Promise<unknown>,
): Partial<Backend> {
  const right = must(backend[method]) as (...args: unknown[]) => Promise<unknown>
  const wrong = (...args: unknown[]): Promise<unknown> => {
    const signal = args.pop() as AbortSignal
    return call((other) => right(...args, other), signal)
  }
  return { [method]: wrong }
}

/** Hears no abort at all. */
const deaf = (backend: Backend, method: Method) => withSignal(backend, method, (run) => run(never))

/** Hears an abort before it begins, and none later. */
const hardOfHearing = (backend: Backend, method: Method) =>
  withSignal(backend, method, async (run, signal) => {
    signal.throwIfAborted()
    return run(never)
  })

/** Acts, and then hears the abort. */
const late = (backend: Backend, method: Method) =>
  withSignal(backend, method, async (run, signal) => {
    const result = await run(never)
    signal.throwIfAborted()
    return result
  })

export const abortMutants: readonly Mutant[] = [
  {
    name: 'probe ignores its signal',
    fails: { 'abort-before-a-call-rejects-it': 'probe() under an aborted signal rejects with its reason' },
    break: (backend) => ({ ...backend, probe: () => backend.probe(never) }),
  },
  {
    name: 'stop ignores its signal',
    fails: { 'abort-before-a-call-rejects-it': 'stop() under an aborted signal rejects with its reason' },
    break: (backend) => ({ ...backend, stop: (agent) => backend.stop(agent, never) }),
  },
  {
    name: 'stop stops and then notices the abort',
    fails: { 'abort-before-a-call-rejects-it': 'stop() under an aborted signal stopped nothing' },
    break: (backend) => ({
      ...backend,
      async stop(agent, signal) {
        const proof = await backend.stop(agent, never)
        signal.throwIfAborted()
        return proof
      },
    }),
  },
  ...(['find', 'observe', 'read'] as const).map(
    (method): Mutant => ({
      name: `${method} ignores its signal`,
      fails: { 'abort-before-a-call-rejects-it': `${method}() under an aborted signal rejects with its reason` },
      break: (backend) => ({ ...backend, ...deaf(backend, method) }),
    }),
  ),
  ...(['probe', 'find', 'observe', 'read'] as const).map(
    (method): Mutant => ({
      name: `${method} that waits does not hear the abort`,
      fails: { 'abort-ends-a-call-that-waits': `${method}() that waits rejects with the reason of the abort` },
      break: (backend) => ({ ...backend, ...hardOfHearing(backend, method) }),
    }),
  ),
  ...(['send', 'begin', 'stop'] as const).map(
    (method): Mutant => ({
      name: `${method} that waits does not hear the abort`,
      fails: {
        'abort-during-an-act-is-whole-or-nothing': `${method}() that waits rejects with the reason of the abort`,
      },
      break: (backend) => ({ ...backend, ...hardOfHearing(backend, method) }),
    }),
  ),
  {
    name: 'answer and interrupt that wait do not hear the abort',
    fails: {
      'abort-ends-an-answer-that-waits': 'answer() that waits rejects with the reason of the abort',
      'abort-ends-an-interrupt-that-waits': 'interrupt() that waits rejects with the reason of the abort',
    },
    break: (backend) => ({
      ...backend,
      ...hardOfHearing(backend, 'answer'),
      ...hardOfHearing(backend, 'interrupt'),
    }),
  },
  {
    name: 'answer and interrupt ignore their signals',
    fails: {
      'abort-before-answer-decides-nothing': 'answer() under an aborted signal rejects with its reason',
      'abort-before-interrupt-ends-nothing': 'interrupt() under an aborted signal rejects with its reason',
    },
    break: (backend) => ({ ...backend, ...deaf(backend, 'answer'), ...deaf(backend, 'interrupt') }),
  },
  {
    name: 'answer and interrupt act and then notice the abort',
    fails: {
      'abort-before-answer-decides-nothing': 'a request is open',
      'abort-before-interrupt-ends-nothing': 'interrupt() under an aborted signal ends nothing',
    },
    break: (backend) => ({ ...backend, ...late(backend, 'answer'), ...late(backend, 'interrupt') }),
  },
  {
    name: 'a stop that is cut off can never be proven again',
    fails: { 'abort-during-an-act-is-whole-or-nothing': 'stop() after one that was cut off is proven' },
    break(backend) {
      let wasCut = false
      return {
        ...backend,
        async stop(agent, signal) {
          signal.addEventListener('abort', () => (wasCut = true), { once: true })
          const proof = await backend.stop(agent, signal)
          return { ...proof, proven: !wasCut }
        },
      }
    },
  },
  {
    name: 'a message that is cut off is sent twice later',
    fails: { 'abort-during-an-act-is-whole-or-nothing': 'a message that was cut off arrives at most once' },
    break(backend) {
      const again: Parameters<typeof backend.send>[] = []
      return {
        ...backend,
        async send(agent, message, signal) {
          for (const [one, text] of again.splice(0)) await backend.send(one, text, never)
          return backend.send(agent, message, signal).catch((error) => {
            again.push([agent, message, never], [agent, message, never])
            throw error
          })
        },
      }
    },
  },
  {
    name: 'a request whose answer is cut off is forgotten',
    fails: { 'abort-ends-an-answer-that-waits': 'a request whose answer was cut off can be answered again' },
    break(backend) {
      let wasCut = false
      return {
        ...backend,
        async answer(agent, reply, signal) {
          signal.addEventListener('abort', () => (wasCut = true), { once: true })
          const answered = await must(backend.answer)(agent, reply, signal)
          return wasCut ? { ...answered, result: 'lost' as never } : answered
        },
      }
    },
  },
  {
    name: 'an interrupt that is cut off ends the agent',
    fails: { 'abort-ends-an-interrupt-that-waits': 'the agent of an interrupt() that was cut off is there' },
    break: (backend, { server }) => ({
      ...backend,
      async interrupt(agent, signal) {
        signal.addEventListener(
          'abort',
          () =>
            server.store.change((state) => {
              for (const one of state.agents) one.stopped = true
            }),
          { once: true },
        )
        return must(backend.interrupt)(agent, signal)
      },
    }),
  },
  {
    name: 'events under an aborted signal go on',
    fails: { 'abort-before-events-ends-them': 'events() under an aborted signal returns' },
    break: (backend) => ({ ...backend, events: (agents, query) => backend.events(agents, query, never) }),
  },
  {
    name: 'events throws when it is aborted before it is ready',
    fails: { 'abort-ends-events-of-a-mute-server': 'events() returns, and does not throw, when its signal aborts' },
    break: (backend) => ({
      ...backend,
      async *events(agents, query, signal) {
        yield* backend.events(agents, query, signal)
        signal.throwIfAborted()
      },
    }),
  },
]
