import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { SpawnPreviewDocument, SpawnPreviewEachDocument } from '@orch/core'
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

it('spawn --each --dry-run shows each task as it would be made, and what it would wait for', async () => {
  const lines = '{"task": "Test it", "after": "fix"}\n{"task": "Mend it", "name": "fix", "maxParallel": 1}\n'
  const words = ['spawn', '--each', '-', '--dry-run', '--key', 'each']
  const { code, stdout } = await callOrch(place, [...words, '--json'], { stdin: lines })
  const document = JSON.parse(stdout) as SpawnPreviewEachDocument
  const [tested, mended] = document.results
  expect({ code, ...document }).toMatchObject({ code: 0, apiVersion: 1, warnings: [], dryRun: true })
  expect(tested).toMatchObject({
    ...{ place: 'line 1 of stdin', holder: null, agent: { task: 'Test it', key: expect.stringMatching('^each/') } },
    start: { maxParallel: null, after: [{ agent: mended?.agent.id, state: 'done' }] },
    context: expect.stringMatching(`^Test it\n\n---\nYou are the agent "${tested?.agent.id}"`),
  })
  expect(mended).toMatchObject({ place: 'line 2 of stdin', start: { maxParallel: 1, after: [] } })
  expect(JSON.parse((await callOrch(place, ['status', '--json'])).stdout).agents).toEqual([])
  const plain = await callOrch(place, words, { stdin: lines })
  expect(plain.stdout).toMatch(
    /^line 1 of stdin\nid +test-it-[\s\S]*\nwaits +fix-\w+ is done\nline 2 of stdin\nid +fix-/,
  )
  expect(plain.stdout).not.toContain('is told')
  expect((await callOrch(place, ['spawn', 'x', '-n', '2', '--dry-run', '--json'])).stdout).toContain('"number 2"')
})

it('spawn --dry-run is refused together with --wait', async () => {
  const { code, stderr } = await callOrch(place, [...PREVIEW, '--wait'])
  expect({ code, stderr }).toEqual({
    code: 64,
    stderr: 'orch: Cannot use "--wait": "--dry-run" makes nothing to wait for\n  → Leave one of them out\n',
  })
})
