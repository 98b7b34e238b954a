import { describe, it } from 'node:test'
import { runBackendContract } from '@orch/core/contract'
import { createBackend } from '../src/index.js'
import { createWorld } from './world.js'

const runner = {
  describe,
  /** @param {string} name @param {() => Promise<void>} body @param {number} [timeout] in milliseconds */
  it: (name, body, timeout) => it(name, { timeout: timeout ?? Number.POSITIVE_INFINITY }, body),
}

for (const promptBy of /** @type {const} */ (['argument', 'send'])) {
  runBackendContract({
    name: 'process',
    variant: `task by ${promptBy}`,
    runner,
    factory: createBackend(),
    setup: () => createWorld(promptBy),
  })
}
