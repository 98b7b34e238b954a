import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { openOrch } from '../src/orchestrator/orch.ts'
import { status } from '../src/orchestrator/status.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orch-core-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('status() says that a known backend cannot be loaded, and goes on with the others', async () => {
  const broken = { name: 'broken', load: () => Promise.reject(new Error('Cannot find module "x"')) }
  const orch = await openOrch({ directory: folder, env: { XDG_STATE_HOME: folder }, knownBackends: [broken] })
  const { backends } = await status(orch)
  expect(backends).toMatchObject([{ name: 'broken', ok: false, error: { code: 'BACKEND_INVALID' } }])
  await orch.close()
})
