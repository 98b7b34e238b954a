import type { Evidence, State } from '@orch/core'
import { eventually } from '../../harness/eventually.ts'
import { signalProcess } from '../../harness/processes.ts'
import type { ScriptedModel } from '../../scripted-model/scripted-model.ts'
import { managedServer } from './managed-server.ts'
import type { Place } from './place.ts'

/** Where an ending is brought about. */
export interface Stage {
  readonly place: Place
  readonly model: ScriptedModel
}

/** One way in which a turn ends, or does not, and what orch says then. */
export interface Ending {
  readonly name: string
  /** What the agent is given; markers of the scripted model. */
  readonly task: string
  /** More for `spawn`. */
  readonly flags?: readonly string[]
  /** What is done once the agent is there. */
  readonly act?: (stage: Stage, id: string) => Promise<unknown>
  /** `disturbs`: it ends the server, so the other endings must be over. `@default` false */
  readonly disturbs?: true
  /** Exit code of the spawn; `@default` 0. */
  readonly spawn?: number
  readonly state: State
  readonly code: string
  /** What the first evidence is from, and what it says of the turn. */
  readonly evidence: Pick<Evidence, 'source' | 'detail'>
  /** Exit code of `wait --until idle`; 124 where it runs into its time-out. */
  readonly exit: number
}

const COMPLETED = { state: 'idle', code: 'TURN_ENDED', exit: 0 } as const
const INTERRUPTED = { state: 'idle', code: 'INTERRUPTED', exit: 0 } as const
const WORKING = { state: 'working', code: 'TURN_RUNNING', exit: 124 } as const
const NOT_MADE = {
  spawn: 73,
  state: 'failed',
  code: 'CREATE_FAILED',
  evidence: { source: 'record', detail: 'lifecycle failed' },
  exit: 20,
} as const

/** Every ending, brought about on the real server by `tests/stories/opencode-turns.test.ts`. */
export const ENDINGS: readonly Ending[] = [
  {
    name: 'the model ends its answer',
    task: 'Say it [[answer: 42]]',
    ...COMPLETED,
    evidence: api('has the finish "stop"'),
  },
  {
    name: 'the answer is cut at the limit of the model',
    task: 'Tell all [[answer: Once upon a]] [[finish: length]]',
    state: 'idle',
    code: 'ANSWER_CUT',
    exit: 0,
    evidence: api('has the finish "length"'),
  },
  {
    name: 'a filter of the provider ends the answer',
    task: 'Tell it [[answer: It was]] [[finish: content_filter]]',
    state: 'failed',
    code: 'ContentFilterError',
    exit: 20,
    evidence: api('holds the error "ContentFilterError"'),
  },
  {
    name: 'the model says nothing',
    task: 'Be silent [[finish: stop]]',
    state: 'idle',
    code: 'ANSWER_EMPTY',
    exit: 0,
    evidence: api('has the finish "stop"'),
  },
  {
    name: 'the provider refuses the request',
    task: 'Fail [[error: 400]]',
    state: 'failed',
    code: 'APIError',
    exit: 20,
    evidence: api('holds the error "APIError"'),
  },
  {
    name: 'the provider fails and is asked again',
    task: 'Try [[error: 500]]',
    act: retried,
    state: 'working',
    code: 'RETRYING',
    exit: 124,
    evidence: api('is at work: its status is "retry"'),
  },
  {
    name: 'the turn is interrupted',
    task: 'Hold [[hold: interrupted]]',
    act: async (stage, id) => {
      await held(stage, 'interrupted')
      await stage.place.json('interrupt', id)
    },
    ...INTERRUPTED,
    evidence: api('holds the error "MessageAbortedError"'),
  },
  {
    name: 'the turn is interrupted while the provider is asked again',
    task: 'Try in vain [[error: 500]]',
    act: async (stage, id) => {
      await retried(stage, id)
      await stage.place.json('interrupt', id)
    },
    ...INTERRUPTED,
    evidence: api('has neither finish nor error'),
  },
  {
    name: 'a permission is denied',
    task: 'Touch [[shell: touch denied]] [[answer: so be it]]',
    flags: ['--permission', 'ask'],
    act: async ({ place }, id) => {
      await place.json('wait', id)
      await place.json('answer', id, '--deny')
    },
    ...INTERRUPTED,
    evidence: api('has the finish "tool-calls"'),
  },
  {
    name: 'a permission is denied with a message: the turn goes on',
    task: 'Touch it [[shell: touch denied]] [[answer: I do that instead]]',
    flags: ['--permission', 'ask'],
    act: async ({ place }, id) => {
      await place.json('wait', id)
      await place.json('answer', id, 'Do something else')
    },
    ...COMPLETED,
    evidence: api('has the finish "stop"'),
  },
  {
    name: 'the conversation is too long: the server shortens it and goes on',
    task: 'Remember [[error: 413]]',
    ...COMPLETED,
    evidence: api('has the finish "stop"'),
  },
  {
    name: 'the stream of the model is cut, and the server asks again',
    task: 'Read [[answer: half of it]] [[cut: 1]]',
    ...COMPLETED,
    evidence: api('has the finish "stop"'),
  },
  {
    name: 'the model hangs',
    task: 'Think [[answer: Let me see]] [[hang]]',
    ...WORKING,
    evidence: api('is at work: its status is "busy"'),
  },
  {
    name: 'several messages come while it is at work: one answer ends them all',
    task: 'Listen [[hold: queued]] [[answer: first]]',
    act: async (stage, id) => {
      await held(stage, 'queued')
      await stage.place.json('send', id, 'One [[answer: one]]')
      await stage.place.json('send', id, 'Two [[answer: two]]')
      stage.model.release('queued')
    },
    ...COMPLETED,
    evidence: api('has the finish "stop"'),
  },
  {
    name: 'the server has no such agent definition: nothing is made',
    task: 'Paint [[answer: never]]',
    flags: ['--as', 'painter'],
    ...NOT_MADE,
  },
  {
    name: 'the server has no such model: nothing is made',
    task: 'Think deeply [[answer: never]]',
    flags: ['--model', 'scripted/no-such'],
    ...NOT_MADE,
  },
  {
    name: 'the server takes a message for a model that it does not have, and never begins to answer',
    task: 'Go [[answer: gone]]',
    act: async ({ place }, id) => {
      await place.json('wait', id, '--until', 'idle')
      const server = await managedServer(place)
      await server.act('POST', `/session/${(await server.sessionOf(id)).id}/prompt_async`, {
        model: { providerID: 'scripted', modelID: 'no-such' },
        parts: [{ type: 'text', text: 'Hello' }],
      })
    },
    state: 'failed',
    code: 'NOT_ANSWERED',
    exit: 20,
    evidence: api('has no answer'),
  },
  {
    name: 'somebody else deletes the session',
    task: 'Stay [[answer: here]]',
    act: async ({ place }, id) => {
      await place.json('wait', id, '--until', 'idle')
      const server = await managedServer(place)
      await server.act('DELETE', `/session/${(await server.sessionOf(id)).id}`)
    },
    state: 'exited',
    code: 'GONE',
    exit: 22,
    evidence: api('the session is not on the server'),
  },
  {
    name: 'the server is killed',
    task: 'Hold on [[answer: I hold]] [[hold: killed]]',
    disturbs: true,
    act: async (stage) => {
      await held(stage, 'killed')
      const { process } = await managedServer(stage.place)
      signalProcess(process.pid, 'SIGKILL')
    },
    ...INTERRUPTED,
    evidence: { source: 'process', detail: 'its conversations are kept' },
  },
  {
    name: 'the server is killed and started again',
    task: 'Hold fast [[answer: I hold]] [[hold: restarted]]',
    disturbs: true,
    act: async (stage) => {
      await held(stage, 'restarted')
      const { process } = await managedServer(stage.place)
      signalProcess(process.pid, 'SIGKILL')
      await eventually(async () => (await stage.place.orch('server', 'start')).code === 0)
    },
    ...INTERRUPTED,
    evidence: api('is not finished'),
  },
]

function api(detail: string): Ending['evidence'] {
  return { source: 'api', detail }
}

function held({ model }: Stage, name: string): Promise<unknown> {
  return eventually(() => model.waiting().includes(name), { what: `the turn at "${name}"`, timeoutMs: 60_000 })
}

function retried({ place }: Stage, id: string): Promise<unknown> {
  return eventually(async () => (await place.agent(id)).reason.code === 'RETRYING', {
    what: 'a turn that is retried',
    timeoutMs: 60_000,
    intervalMs: 250,
  })
}
