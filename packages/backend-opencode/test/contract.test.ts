import { beforeAll, describe, it } from '@jest/globals'
import { runBackendContract } from '@orch/core/contract'
import { perFile } from '../../../tests/harness/scope.ts'
import { opencode } from '../src/index.ts'
import { openSite, openWorld, type Site } from './support/open-code-world.ts'

const scope = perFile()
let site: Site
beforeAll(async () => {
  site = await openSite(scope)
})

runBackendContract({
  name: 'opencode',
  runner: { describe, it },
  factory: opencode(),
  setup: async () => openWorld(site),
  knownGaps: {},
})
