import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from '@jest/globals'
import { runBackendContract } from '../../src/contract/index.ts'
import { memory } from '../../src/memory/index.ts'
import { memoryWorld } from './memory-world.ts'

const temporary = (): string => mkdtempSync(join(tmpdir(), 'orch-memory-'))
const patienceMs = 2_000
const common = { name: 'memory', runner: { describe, it }, factory: memory(), patienceMs }

runBackendContract({ ...common, setup: () => memoryWorld() })
runBackendContract({ ...common, variant: 'shared directory', setup: () => memoryWorld({ directory: temporary() }) })
runBackendContract({
  ...common,
  variant: 'conversations survive',
  factory: memory({ survives: true }),
  setup: () => memoryWorld({ survives: true }),
})
