import type { QueuedMessage, Receipt } from '../agent.ts'
import type { AgentRecord, RecordEvent } from '../registry/record.ts'
import { exitText } from '../state/rules-of-exit.ts'

type Words = (set: Partial<AgentRecord>) => string

/** What each kind of change of a record says, in words. */
const WORDS: Readonly<Record<string, Words>> = {
  created: ({ task }) => `its spawn began: ${quote(task)}`,
  placed: ({ lifecycle, program }) =>
    `its place was made${program ? `, with ${program}` : ''}${lifecycle === 'active' ? ', and it got its task' : ''}`,
  'start-queued': () => 'it was queued',
  starting: () => 'its turn in the queue came, and it was about to be started',
  'start-failed': ({ failure, lifecycle }) =>
    `it could not be started${lifecycle === 'queued' ? ', and is queued again' : ''}: ${failure?.text ?? 'nobody knows why'}`,
  'queued-again': () => 'the process that began to start it died, and it is queued again',
  worktree: () => 'its worktree was made',
  found: () => 'its place was found, made by a spawn that died',
  beginning: () => 'its task was about to be given, by another process than the one that made its place',
  begun: ({ prompt }) => `it got its task${delivered(prompt)}`,
  refused: ({ failure }) => `it refused its task: ${failure?.text ?? 'nobody knows why'}`,
  adopted: () => 'it was found running, and its record goes on',
  'adopt-unknown': () => 'nobody knows whether it was taken over',
  'spawn-failed': ({ failure }) => `its spawn failed: ${failure?.text ?? 'nobody knows why'}`,
  failed: ({ failure }) => `its spawn failed, and nothing of it is left: ${failure?.text ?? 'nobody knows why'}`,
  sending: ({ queue }) =>
    queue === undefined ? 'a message was about to be sent' : 'a message that waited for idle was about to be sent',
  sent: ({ queue }) =>
    queue === undefined ? 'what became of a message was settled' : queueText('a message was settled', queue),
  queued: ({ queue = [] }) => `a message waits for it to be idle: ${quote(queue.at(-1)?.text)}`,
  answered: () => 'a request of its page was answered',
  labelled: ({ labels = {} }) =>
    `its labels were changed to: ${quote(
      Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    )}`,
  observed: ({ exit, facts, attempts }) =>
    exit ? `its process was seen to have ended, ${exitText(exit)}` : seen(facts !== undefined, attempts !== undefined),
  resuming: () => 'its program was about to be started again',
  resumed: ({ handle, lifecycle }) =>
    lifecycle === 'spawning'
      ? 'its spawn was begun again'
      : `its program was started again${handle === undefined ? '' : ', in a new place'}`,
  'resume-failed': () => 'its program could not be started again',
  'resume-unknown': () => 'nobody knows whether its program was started again',
  ending: ({ ending, endReason, usage }) =>
    ending === undefined
      ? endReason === undefined && usage !== undefined
        ? 'what it had used was kept'
        : `why it is ended: ${quote(endReason)}`
      : `it was about to be ${ending}${endReason === undefined ? '' : `: ${quote(endReason)}`}`,
  delivering: ({ delivering }) =>
    delivering
      ? `its work was about to be handed over (--${delivering.how})`
      : 'its work was not handed over, or it could not be ended after that',
  delivered: ({ worktree }) => `what became of its work: ${worktree?.delivered?.text ?? 'nobody knows'}`,
  completed: ({ overridden = [] }) =>
    `it was completed${overridden.length === 0 ? '' : `, in spite of these checks: ${overridden.join(', ')}`}`,
  abandoned: () => 'it was abandoned',
}

/** One change of a record, as a sentence about its agent without a full stop. Not sanitised. Pure. */
export function wordsOf({ type, set, base }: Pick<RecordEvent, 'type' | 'set' | 'base'>): string {
  const words = Object.hasOwn(WORDS, type) ? WORDS[type] : undefined
  const text = words === undefined ? `${type}${base === 0 ? '' : `: ${Object.keys(set).join(', ')}`}` : words(set)
  return type !== 'ending' && set.endReason !== undefined && base > 0 ? `${text}: ${quote(set.endReason)}` : text
}

const QUOTED_CHARACTERS = 100

/** The first line of a text of any length. */
function quote(text: string | undefined): string {
  const [first = ''] = (text ?? '').trim().split('\n')
  const characters = [...first]
  const cut = characters.length > QUOTED_CHARACTERS || first.length < (text ?? '').trim().length
  return `"${characters.slice(0, QUOTED_CHARACTERS).join('')}${cut ? '…' : ''}"`
}

function delivered(prompt: Receipt | null | undefined): string {
  return prompt ? ` (${prompt.delivery})` : ''
}

function queueText(text: string, queue: readonly QueuedMessage[]): string {
  return queue.length === 0 ? `${text}; none waits` : `${text}; ${queue.length} wait or are unconfirmed`
}

function seen(hasFacts: boolean, hasArrived: boolean): string {
  if (hasArrived) return 'a message was seen to have arrived'
  return hasFacts ? 'the end of a turn was seen' : 'something was seen of it'
}
