import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { SpawnPreviewDocument } from '@orch/core'
import { callOrch } from './harness/call-orch.ts'
import { createPlace, type Place } from './harness/place.ts'

let place: Place
beforeEach(() => {
  place = createPlace()
})
afterEach(() => place.remove())

const PREVIEW = ['spawn', 'Fix\x1b[2J it', '--dry-run', '--name', 'fix', '--verify', 'npm test', '--key', 'k']

it('spawn --dry-run shows what would be made and its whole context, and makes nothing', async () => {
  const { code, stdout, stderr } = await callOrch(place, PREVIEW)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const [head = '', told = ''] = stdout.split('is told:\n')
  const id = /^id +(fix-[a-z0-9]{4}) /m.exec(head)?.[1] as string
  expect(head).toBe(`id         ${id} (its last four characters are an example)
backend    memory
directory  ${place.project}
workspace  ${place.project}/.orch/workspace/${id}
verified   by npm test
`)
  expect(told).toMatch(/^Fix it\n\n---\nYou are the agent "fix-/)
  expect(told).toContain('phase PHASE --note NOTE --id fix-')
  expect(JSON.parse((await callOrch(place, ['status', '--json'])).stdout).agents).toEqual([])
  const json = JSON.parse((await callOrch(place, [...PREVIEW, '--json'])).stdout) as SpawnPreviewDocument
  expect(json).toMatchObject({ dryRun: true, holder: null, agent: { verify: ['npm', 'test'], task: 'Fix\x1b[2J it' } })
  const spawned = await callOrch(place, ['spawn', 'Fix it', '--key', 'k'])
  const again = await callOrch(place, PREVIEW)
  expect(again.stdout).toMatch(`Nothing would be made: ${spawned.stdout.trim()} has the key "k"\n`)
})

it('spawn --dry-run is refused together with --wait', async () => {
  const { code, stderr } = await callOrch(place, [...PREVIEW, '--wait'])
  expect({ code, stderr }).toEqual({
    code: 64,
    stderr: 'orch: Cannot use "--wait": "--dry-run" makes nothing to wait for\n  → Leave one of them out\n',
  })
})
