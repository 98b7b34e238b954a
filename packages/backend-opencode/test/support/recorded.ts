import { readFileSync } from 'node:fs'
import type { StoredMessage } from '../../src/parse-message.ts'
import { parseMessage } from '../../src/parse-message.ts'

/** A payload that a real server sent. */
export function recorded(name: string): unknown {
  const file = new URL(`../../../../tests/recorded/opencode-1.18.33/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as unknown
}

/** The messages of a recorded session; every one must be understood. */
export function recordedMessages(name: string): StoredMessage[] {
  return (recorded(`messages-${name}`) as unknown[]).map((raw) => {
    const message = parseMessage(raw)
    if (message === null) throw new Error(`Cannot parse a message of "${name}"`)
    return message
  })
}
