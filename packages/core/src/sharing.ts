import { watchdog } from './timing.ts'

/** A question that takes longer than this is not waited for by those who ask it next, in milliseconds. */
const PATIENCE_MS = 1_000

/** Lets those who ask the same at the same time share one answer. */
export interface Sharing<T> {
  /**
   * Runs `work`, or shares what another caller with this key is about to run. Nobody gets an answer to a question that was
   * put before his own: while one is under way, all who come share the one after it. The work of a question is aborted
   * once nobody waits for it.
   */
  ask(key: string, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T>
}

/** A question, from its first caller on. */
interface Question<T> {
  readonly answer: Promise<T>
  readonly controller: AbortController
  /** How many wait for it. */
  waiting: number
  put(): void
}

/** Keeps nothing beyond the answers that are waited for. */
export function createSharing<T>(): Sharing<T> {
  /** What is asked after the question that is under way; `null`: nothing so far. */
  const following = new Map<string, Question<T> | null>()

  const put = (key: string, question: Question<T>): void => {
    following.set(key, null)
    let isOver = false
    const goOn = (): void => {
      if (isOver) return
      isOver = true
      patience.stop()
      const next = following.get(key)
      if (next && next.waiting > 0) put(key, next)
      else following.delete(key)
    }
    const patience = watchdog(PATIENCE_MS, goOn)
    question.put()
    question.answer.then(goOn, goOn)
  }
  return {
    ask(key, signal, work) {
      const next = following.get(key)
      const question = next && next.waiting > 0 ? next : createQuestion(work)
      if (next === undefined) put(key, question)
      else following.set(key, question)
      return waitFor(question, signal)
    },
  }
}

function createQuestion<T>(work: (signal: AbortSignal) => Promise<T>): Question<T> {
  const controller = new AbortController()
  let put = (): void => {}
  const answer = new Promise<void>((resolve) => {
    put = resolve
  }).then(() => work(controller.signal))
  answer.catch(() => {})
  return { answer, controller, waiting: 0, put }
}

function waitFor<T>(question: Question<T>, signal: AbortSignal | undefined): Promise<T> {
  question.waiting += 1
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      question.waiting -= 1
      if (question.waiting === 0) question.controller.abort(signal?.reason)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', leave, { once: true })
    const stay = (): void => signal?.removeEventListener('abort', leave)
    question.answer.finally(stay).then(resolve, reject)
  })
}
