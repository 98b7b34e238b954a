import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { CompleteDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { git } from '../harness/git-repository.ts'
import { perFile } from '../harness/scope.ts'
import { type Place, tmuxPlace } from './support/place.ts'

const scope = perFile()
let place: Place

beforeAll(async () => {
  place = await scope.use(tmuxPlace())
})

/** An agent that says it is done. */
async function done(...args: string[]): Promise<string> {
  const id = await place.spawn('Write the notes', ...args, '--program', '--', '/bin/cat')
  await place.json('phase', 'Complete', '--id', id)
  return id
}

const inWorkspace = (id: string, name: string): string => join(place.project, '.orch', 'workspace', id, name)
const hasCommand = (all: readonly { readonly argv: readonly string[] }[]): boolean =>
  all.some(({ argv }) => argv.join(' ') === 'tail -f /dev/null')

describe('complete with what was agreed on', () => {
  it('takes work back once the deliverables are there and the command passes', async () => {
    await place.write('mine.txt', 'dirty before\n')
    const id = await done('--deliverable', 'notes.md', '--verify', `grep -q "it's done" notes.md`)
    const missing = await place.orch('complete', id)
    expect(missing).toMatchObject({
      code: 40,
      stdout: expect.stringContaining('deliverables: "notes.md" is not there'),
    })
    expect(missing.stdout).toMatch(/skip +verify: Not run: another check failed/)

    await place.write('notes.md', 'nothing yet\n')
    const failed = await place.json<CompleteDocument>('complete', id, '--verify', 'sh -c "echo why; exit 3"')
    expect(failed).toMatchObject({
      code: 40,
      results: [{ ok: false, stop: null, verify: { exitCode: 3, tail: ['why'] } }],
    })
    expect(await readFile(inWorkspace(id, 'kept-by-orch/verify.log'), 'utf8')).toBe('why\n')
    expect(await place.json('complete', id, '--dry-run')).toMatchObject({
      code: 40,
      dryRun: true,
      results: [{ verify: { exitCode: 1 } }],
    })

    await place.write('notes.md', "it's done\n")
    expect(await place.json('complete', id, '--committed', '--dry-run')).toMatchObject({ code: 40 })
    await git(place.project, 'add', 'notes.md')
    await git(place.project, 'commit', '--quiet', '--message', 'Notes')
    expect(await place.json('complete', id, '--committed')).toMatchObject({
      code: 0,
      results: [{ ok: true, lifecycle: 'completed', changes: { dirty: [], commits: [{ subject: 'Notes' }] } }],
    })
    const summary = await readFile(inWorkspace(id, 'kept-by-orch/SUMMARY.md'), 'utf8')
    expect(summary).toMatch(/^- commit [0-9a-f]{12} Notes$/m)
    expect(summary).not.toContain('mine.txt')
  })

  it('gives each of several agents its own result, with exit code 45', async () => {
    const [one, other] = [await done(), await done('--verify', 'false')]
    const document = await place.json<CompleteDocument>('complete', one, other)
    expect(document).toMatchObject({
      code: 45,
      results: [
        { id: one, ok: true },
        { id: other, ok: false },
      ],
    })
    expect(await place.json('complete', other, '--force')).toMatchObject({ code: 0, results: [{ ok: true }] })
    const record = await readFile(join(place.state, 'ended', `${other}.jsonl`), 'utf8')
    expect(record).toContain('"overridden":["verify"]')
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('ends the command when %s ends it', async (signal) => {
    const id = await done('--verify', 'tail -f /dev/null')
    const running = await place.start('complete', id)
    await eventually(async () => hasCommand(await place.processesOf(id)))
    running.kill(signal)
    const { code } = await running.result()
    expect(code).toBe({ SIGINT: 130, SIGTERM: 143, SIGKILL: null }[signal])
    await eventually(async () => !hasCommand(await place.processesOf(id)))
    expect(existsSync(inWorkspace(id, 'kept-by-orch/SUMMARY.md'))).toBe(false)
    expect(await place.agent(id)).toMatchObject({ lifecycle: 'active' })
    expect(await place.json('complete', id, '--verify', 'true')).toMatchObject({ code: 0, results: [{ ok: true }] })
  })

  it('ends the command when its time is over', async () => {
    const id = await done('--verify', 'tail -f /dev/null')
    const run = await place.orch('complete', id, '--verify-timeout', '300ms')
    expect(run).toMatchObject({ code: 40, stdout: expect.stringContaining('it took longer than 300 ms') })
    expect(run.stdout).toContain('→ Allow more with --verify-timeout')
    expect(hasCommand(await place.processesOf(id))).toBe(false)
    await place.json('abandon', id)
  })

  it.each([
    [['--verify', ''], 'USAGE'],
    [['--verify', '"open'], 'USAGE'],
    [['--verify-timeout', 'soon'], 'BAD_DURATION'],
  ])('refuses %j before it looks', async (args, code) => {
    expect(await place.orch('--json', 'complete', 'nobody', ...args)).toMatchObject({
      code: 64,
      json: { error: { code } },
    })
  })
})
