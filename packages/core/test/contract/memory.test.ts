import { describe, it } from '@jest/globals'
import { runBackendContract } from '../../src/contract/index.ts'
import { memory } from '../../src/memory/index.ts'
import { memoryWorld } from './memory-world.ts'

for (const [name, options] of Object.entries({
  memory: {},
  'memory, conversations survive': { survives: true },
})) {
  runBackendContract({
    name,
    runner: { describe, it },
    factory: memory(options),
    setup: () => memoryWorld(options),
    patienceMs: 2_000,
  })
}
