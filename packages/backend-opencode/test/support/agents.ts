import { randomUUID } from 'node:crypto'
import type { AgentRef, AgentRequest, Backend, CreateRequest, Observation, Receipt, Turn } from '@orch/core'
import { eventually } from '../../../../tests/harness/eventually.ts'

/** An agent as core would keep it: its facts and open attempts follow what observe() says. */
export interface TestAgent {
  readonly ref: () => AgentRef
  send(text: string): Promise<Receipt>
  observe(): Promise<Observation>
  /** Waits until the turn has ended. */
  ended(): Promise<Extract<Turn, { status: 'ended' }>>
  /** Waits until the end of the turn is recorded with the session's last change, which comes a little after it. */
  recorded(): Promise<void>
  /** Waits until a request is open. */
  request(): Promise<AgentRequest>
}

const { signal } = new AbortController()

/** Creates an agent and gives it its first message. */
export async function startAgent(backend: Backend, request: CreateRequest, prompt: string): Promise<TestAgent> {
  const agent = await createAgent(backend, request)
  const receipt = await agent.send(prompt)
  if (receipt.delivery !== 'confirmed') throw new Error(`Cannot begin: ${JSON.stringify(receipt)}`)
  return agent
}

/** Creates an agent that has no task yet. */
export async function createAgent(backend: Backend, request: CreateRequest): Promise<TestAgent> {
  const { id, target, directory } = request
  const { handle } = await backend.create(request, signal)
  let ref: AgentRef = { id, target, directory, handle, facts: null, attempts: [] }
  const observe = async (): Promise<Observation> => {
    const [seen] = (await backend.observe([ref], signal)).observations
    if (seen === undefined) throw new Error('Cannot observe: there is no observation')
    const attempts = ref.attempts.filter(({ id: attempt }) => !seen.arrived?.includes(attempt))
    ref = { ...ref, attempts, ...(seen.facts !== undefined && { facts: seen.facts }) }
    return seen
  }
  return {
    ref: () => ref,
    observe,
    send(text) {
      const message = { id: randomUUID(), text }
      ref = { ...ref, attempts: [...ref.attempts, { id: message.id, at: new Date().toISOString() }] }
      return backend.send(ref, message, signal)
    },
    ended: () =>
      eventually(
        async () => {
          const { turn } = await observe()
          return turn.known && turn.value.status === 'ended' && turn.value
        },
        { what: 'the end of the turn', timeoutMs: 60_000 },
      ),
    async recorded() {
      const updatedAt = (): unknown => (ref.facts as { updatedAt?: number } | null)?.updatedAt
      await eventually(
        async () => {
          const { lastActivityAt } = await observe()
          return lastActivityAt.known && Date.parse(lastActivityAt.value) === updatedAt()
        },
        { what: 'the recorded end of the turn' },
      )
    },
    request: () =>
      eventually(
        async () => {
          const { requests } = await observe()
          return requests.known && requests.value[0]
        },
        { what: 'an open request' },
      ),
  }
}
