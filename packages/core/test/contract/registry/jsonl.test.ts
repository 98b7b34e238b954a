import { describe, it } from '@jest/globals'
import { runRegistryContract } from '../../../src/contract/index.ts'
import { JSONL_DAMAGES, jsonlWorld } from './jsonl-world.ts'

const common = { name: 'jsonl', runner: { describe, it }, damages: JSONL_DAMAGES, patienceMs: 5_000 }

runRegistryContract({ ...common, setup: () => jsonlWorld() })
runRegistryContract({
  ...common,
  variant: 'a file in place of its folder',
  setup: () => jsonlWorld(undefined, 'replaced'),
})
