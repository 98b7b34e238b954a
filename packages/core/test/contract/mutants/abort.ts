import type { Mutant } from './mutant.ts'

const never: AbortSignal = new AbortController().signal

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
  {
    name: 'a call that waits does not hear the abort',
    fails: { 'abort-ends-a-call-that-waits': 'find() that waits rejects with the reason of the abort' },
    break: (backend) => ({
      ...backend,
      async find(targets, signal) {
        signal.throwIfAborted()
        return backend.find(targets, never)
      },
    }),
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
