import type { QueuedMessage } from '@orch/core'
import { age } from '../age.ts'
import { oneLine, type Page, styled } from '../page.ts'

/** Each message for an idle agent that is not proven to be delivered, and how it stands. */
export function writeQueue(page: Page, id: string, queue: readonly QueuedMessage[]): void {
  for (const message of queue) {
    const files = message.attachments?.map(({ name }) => ` + ${oneLine(name, 40)}`) ?? []
    page.line(styled('yellow', standing(page, message)), '  ', oneLine(message.text, 200), ...files)
  }
  if (queue.some(({ triedAt, failure }) => triedAt !== null && failure === null))
    page.line(styled('dim', `  → Look with "orch tail ${id}" before you send it again`))
}

/** Beside the state of an agent: how many there are. */
export function queuedText(count: number): string {
  if (count === 0) return ''
  return count === 1 ? ' (1 message for when it is idle)' : ` (${count} messages for when it is idle)`
}

function standing({ now }: Page, { at, triedAt, failure }: QueuedMessage): string {
  if (triedAt === null) return `waits for idle since ${age(at, now)}`
  if (failure === null) return `unconfirmed, handed over ${age(triedAt, now)} ago`
  return `not delivered: ${oneLine(failure.text)}`
}
