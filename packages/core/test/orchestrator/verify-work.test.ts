import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../../tests/harness/eventually.ts'
import { git, gitRepository } from '../../../../tests/harness/git-repository.ts'
import { perTest } from '../../../../tests/harness/scope.ts'
import type { CompleteCheck, CompleteResult } from '../../src/documents.ts'
import { send } from '../../src/messages/send.ts'
import { complete } from '../../src/orchestrator/complete.ts'
import type { CompleteOptions, SpawnOptions } from '../../src/orchestrator/options.ts'
import type { Orch } from '../../src/orchestrator/orch.ts'
import { spawn } from '../../src/spawn/spawn.ts'
import { uniqueId } from '../../src/unique.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place
let orch: Orch

beforeEach(async () => {
  place = await createPlace(scope)
  orch = await place.open()
})

/** An agent that says it is done. */
async function done(options: Partial<SpawnOptions> = {}): Promise<string> {
  const { agent } = await spawn(orch, { task: '[[answer: All of it]]', ...options })
  writeFileSync(inWorkspace(agent.id, 'WORKSPACE.md'), 'Phase: Complete - all of it\n')
  return agent.id
}

async function completeOne(id: string, options: CompleteOptions = {}, by = orch): Promise<CompleteResult> {
  const { results } = await complete(by, [id], options)
  return results[0] as CompleteResult
}

const inWorkspace = (id: string, name: string): string => join(place.project, '.orch/workspace', id, name)
const checkOf = (result: CompleteResult, name: string): CompleteCheck | undefined =>
  result.checks.find((check) => check.name === name)
const sh = (script: string): readonly string[] => ['sh', '-c', script]

describe('the command that verifies work', () => {
  it('runs in the directory of the agent and has to pass; its output is kept', async () => {
    const id = await done({ verify: sh('pwd; echo "$ORCH_AGENT_ID"; echo no >&2; test -e made') })
    const failed = await completeOne(id)
    const output = inWorkspace(id, 'kept-by-orch/verify.log')
    expect(failed).toMatchObject({ ok: false, stop: null, kept: null, lifecycle: 'active' })
    expect(failed.verify).toMatchObject({ exitCode: 1, signal: null, timedOut: false, output })
    expect(failed.verify?.tail).toEqual([place.project, id, 'no'])
    expect(checkOf(failed, 'verify')).toMatchObject({ result: 'fail', text: expect.stringContaining('exit code 1') })
    expect(readFileSync(output, 'utf8')).toBe(`${place.project}\n${id}\nno\n`)
    expect(statSync(output).mode & 0o777).toBe(0o600)
    expect(place.server.agents()).toEqual([id])
    writeFileSync(join(place.project, 'made'), '')
    expect(await completeOne(id)).toMatchObject({ ok: true, verify: { exitCode: 0 }, lifecycle: 'completed' })
  })

  it('of the call counts instead of the one that was agreed on', async () => {
    const id = await done({ verify: ['false'] })
    expect(await completeOne(id, { verify: ['true'] })).toMatchObject({ ok: true, verify: { command: ['true'] } })
  })

  it('is also run in a dry run, which changes nothing else', async () => {
    const id = await done({ verify: ['true'] })
    const before = await orch.registry.get(id)
    const result = await completeOne(id, { dryRun: true })
    expect(result).toMatchObject({ ok: true, verify: { exitCode: 0 }, stop: null, kept: null })
    expect(await orch.registry.get(id)).toEqual(before)
    expect(existsSync(inWorkspace(id, 'kept-by-orch/SUMMARY.md'))).toBe(false)
  })

  it('is not run when another check failed, unless forced: then it is run and recorded all the same', async () => {
    const id = await done({ verify: sh('touch ran; exit 3'), deliverables: ['gone.md'] })
    const failed = await completeOne(id)
    expect(checkOf(failed, 'verify')).toMatchObject({ result: 'skip', text: expect.stringContaining('Not run') })
    expect(existsSync(join(place.project, 'ran'))).toBe(false)
    expect(await completeOne(id, { force: true })).toMatchObject({ ok: true, verify: { exitCode: 3 } })
    expect((await orch.registry.get(id))?.record.overridden).toEqual(['deliverables', 'verify'])
    expect(existsSync(join(place.project, 'ran'))).toBe(true)
  })

  it('that passes is not overridden where only another check failed', async () => {
    const id = await done({ verify: ['true'], deliverables: ['gone.md'] })
    expect(await completeOne(id, { force: true })).toMatchObject({ ok: true, verify: { exitCode: 0 } })
    expect((await orch.registry.get(id))?.record.overridden).toEqual(['deliverables'])
  })

  it('that fails is overridden by force, and recorded', async () => {
    const id = await done({ verify: ['false'] })
    expect(await completeOne(id, { force: true })).toMatchObject({ ok: true, verify: { exitCode: 1 } })
    expect((await orch.registry.get(id))?.record.overridden).toEqual(['verify'])
  })

  it('is ended when its time is over', async () => {
    const id = await done({ verify: sh('echo begun; exec tail -f /dev/null') })
    const result = await completeOne(id, { verifyTimeoutMs: 200 })
    expect(result).toMatchObject({ ok: false, verify: { timedOut: true, tail: ['begun'] }, error: null })
    expect(checkOf(result, 'verify')).toMatchObject({
      result: 'fail',
      hint: expect.stringContaining('--verify-timeout'),
    })
  })

  it('that is not there fails and says so', async () => {
    const result = await completeOne(await done({ verify: ['no-such-program-2345'] }))
    expect(checkOf(result, 'verify')?.text).toContain('not found')
  })

  it('keeps the end of what is endless, and not all of it', async () => {
    const id = await done({ verify: sh('head -c 20000000 /dev/zero | tr "\\0" x; echo; echo last') })
    expect((await completeOne(id)).verify?.tail.at(-1)).toBe('last')
    const { size } = statSync(inWorkspace(id, 'kept-by-orch/verify.log'))
    expect(size).toBeLessThan(17 * 1024 * 1024)
  })

  it('never runs twice at once in one directory, for several agents or in several processes', async () => {
    const script = 'mkdir lock || exit 1; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; rmdir lock'
    const ids = [await done({ verify: sh(script) }), await done({ verify: sh(script) })]
    const other = await place.open()
    const both = await Promise.all([complete(orch, ids), complete(other, ids)])
    for (const { results } of both) expect(results).toMatchObject([{ ok: true }, { ok: true }])
  })

  it('takes away what a killed one left of its output', async () => {
    const id = await done({ verify: ['true'] })
    mkdirSync(inWorkspace(id, 'kept-by-orch'))
    writeFileSync(inWorkspace(id, `kept-by-orch/verify.log.${uniqueId()}`), 'part')
    writeFileSync(inWorkspace(id, 'kept-by-orch/verify.log.notes'), 'not of orch')
    await completeOne(id, { dryRun: true })
    const left = readdirSync(inWorkspace(id, 'kept-by-orch')).filter((name) => name.startsWith('verify'))
    expect(left.sort()).toEqual(['verify.log', 'verify.log.notes'])
  })

  it('leaves no part of its output when it is interrupted', async () => {
    const id = await done({ verify: sh('touch begun; exec tail -f /dev/null') })
    const controller = new AbortController()
    const running = complete(orch, [id], { signal: controller.signal })
    await eventually(() => existsSync(join(place.project, 'begun')))
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    expect(readdirSync(inWorkspace(id, 'kept-by-orch')).filter((name) => name.startsWith('verify'))).toEqual([])
    expect(await completeOne(id, { verify: ['true'] })).toMatchObject({ ok: true })
  })

  it('does not hold for a message that was sent while it ran', async () => {
    const id = await done({ verify: sh('touch begun; while [ ! -e go ]; do :; done') })
    const running = completeOne(id)
    await eventually(() => existsSync(join(place.project, 'begun')))
    await send(await place.open(), id, '[[hang: a]]')
    writeFileSync(join(place.project, 'go'), '')
    const result = await running
    expect(result).toMatchObject({ ok: false, stop: null, lifecycle: 'active' })
    expect(checkOf(result, 'turn')).toMatchObject({ result: 'fail', text: 'A turn runs' })
  })

  it('runs again when a message was answered while it ran', async () => {
    const id = await done({ verify: sh('echo run >> runs; while [ ! -e go ]; do :; done') })
    const running = completeOne(id)
    await eventually(() => existsSync(join(place.project, 'runs')))
    await send(await place.open(), id, '[[answer: b]]')
    writeFileSync(join(place.project, 'go'), '')
    expect(await running).toMatchObject({ ok: true, lifecycle: 'completed' })
    expect(readFileSync(join(place.project, 'runs'), 'utf8')).toBe('run\nrun\n')
    expect(readFileSync(inWorkspace(id, 'kept-by-orch/SUMMARY.md'), 'utf8')).toContain('> b')
  })

  it('fails in a directory that is gone', async () => {
    await gitRepository(join(place.folder, 'elsewhere'))
    const other = await place.open({ directory: join(place.folder, 'elsewhere') })
    const { agent } = await spawn(other, { task: 'x', verify: ['true'] })
    rmSync(join(place.folder, 'elsewhere'), { recursive: true })
    const result = await completeOne(agent.id)
    expect(result).toMatchObject({ ok: false, stop: null })
    expect(checkOf(result, 'changes')).toMatchObject({ result: 'fail', text: expect.stringContaining('not there') })
    expect(await completeOne(agent.id, { force: true })).toMatchObject({ ok: true, kept: null })
    expect((await orch.registry.get(agent.id))?.record.overridden).toEqual([
      'phase',
      'turn',
      'changes',
      'verify',
      'kept',
    ])
  })
})

describe('what the agent changed', () => {
  it('is told, with the agents that worked in the same directory', async () => {
    await gitRepository(place.project)
    writeFileSync(join(place.project, 'before'), '')
    const [id, other] = [await done(), await done()]
    writeFileSync(join(place.project, 'since'), '')
    const result = await completeOne(id, { dryRun: true })
    expect(result.changes).toMatchObject({ sharedWith: [other], dirty: expect.arrayContaining(['since']) })
    expect(checkOf(result, 'changes')).toMatchObject({ result: 'pass', text: expect.stringContaining(other) })
    expect(await completeOne(id, { committed: true })).toMatchObject({ ok: false })
    await git(place.project, 'add', '--all')
    await git(place.project, 'commit', '--quiet', '--message', 'All')
    expect(await completeOne(id, { committed: true })).toMatchObject({ ok: true })
    expect((await completeOne(other)).changes?.sharedWith).toEqual([id])
  })

  it('is verified again when it changed meanwhile, and not ended while that goes on', async () => {
    await gitRepository(place.project)
    let reads = 0
    const writing = (most: number): Promise<Orch> =>
      place.open({
        wrap: (backend) => ({
          ...backend,
          read: (ref, query, signal) => {
            reads += 1
            if (reads <= most) writeFileSync(join(place.project, 'busy'), `${reads}`)
            return backend.read(ref, query, signal)
          },
        }),
      })
    const id = await done()
    const restless = await completeOne(id, {}, await writing(100))
    expect(restless).toMatchObject({ ok: false, stop: null, lifecycle: 'active' })
    expect(checkOf(restless, 'directory')).toMatchObject({ result: 'fail' })
    expect(reads).toBe(3)
    reads = 0
    expect(await completeOne(id, {}, await writing(1))).toMatchObject({ ok: true })
    expect(reads).toBe(2)
  })
})

describe('what is kept of an agent', () => {
  it('is its transcript and a summary, before it is ended', async () => {
    await gitRepository(place.project)
    const task = '# Head\x1b[2J\n[[think: hm]][[answer: one]][[answer: All\n# of it]]'
    const id = await done({ task, verify: sh('echo checked') })
    const own = ['SUMMARY.md', 'transcript.jsonl', 'verify.log', 'work.patch']
    for (const name of own) writeFileSync(inWorkspace(id, name), 'of the agent')
    writeFileSync(join(place.project, 'since'), '')
    const stopless = await place.open({
      wrap: (one) => ({ ...one, stop: async () => ({ proven: false, evidence: [] }) }),
    })
    const { kept } = await completeOne(id, {}, stopless)
    expect(kept).toEqual({
      summary: inWorkspace(id, 'kept-by-orch/SUMMARY.md'),
      transcript: inWorkspace(id, 'kept-by-orch/transcript.jsonl'),
    })
    const lines = readFileSync(inWorkspace(id, 'kept-by-orch/transcript.jsonl'), 'utf8').trimEnd().split('\n')
    const items = lines.map((line) => JSON.parse(line))
    expect(items).toEqual(items.map(() => expect.objectContaining({ apiVersion: 1, type: 'item', agent: id })))
    expect(items.map(({ item }) => item.text)).toEqual([expect.stringContaining('# Head'), 'hm', 'one', 'All\n# of it'])
    const text = readFileSync(inWorkspace(id, 'kept-by-orch/SUMMARY.md'), 'utf8')
    for (const part of [
      '> # Head\n',
      '- pass phase: ',
      '- pass verify: ',
      '> checked\n',
      'not committed: since\n',
      '> All\n> # of it',
    ])
      expect(text).toContain(part)
    expect(text).toMatch(/^- Verified: .* later$/m)
    expect(text).not.toContain('\x1b')
    expect(text.match(/^#.*$/gm)).toEqual([
      `# ${id}`,
      ...['Task', 'Outcome', 'Checks', 'Verification', 'Changes since its spawn', 'Final answer'].map(
        (one) => `## ${one}`,
      ),
    ])
    expect(readdirSync(inWorkspace(id, 'kept-by-orch')).sort()).toEqual(own.slice(0, 3))
    for (const name of own) expect(readFileSync(inWorkspace(id, name), 'utf8')).toBe('of the agent')
  })

  it('is a summary alone when the transcript cannot be read', async () => {
    const id = await done()
    const mute = await place.open({ wrap: (one) => ({ ...one, read: () => Promise.reject(new Error('mute')) }) })
    const result = await completeOne(id, {}, mute)
    expect(result).toMatchObject({ ok: true, kept: { transcript: null } })
    expect(checkOf(result, 'kept')).toMatchObject({ result: 'skip', text: expect.stringContaining('mute') })
    expect(readFileSync(inWorkspace(id, 'kept-by-orch/SUMMARY.md'), 'utf8')).toContain('could not be read')
  })

  it.each(['folder', 'link'])(
    'has to be kept, unless forced, and is not where a %s stands in the way',
    async (what) => {
      const id = await done({ verify: ['true'] })
      if (what === 'folder') mkdirSync(inWorkspace(id, 'kept-by-orch/SUMMARY.md/x'), { recursive: true })
      else symlinkSync(place.folder, inWorkspace(id, 'kept-by-orch'))
      expect(await completeOne(id)).toMatchObject({
        ok: false,
        lifecycle: null,
        error: { code: 'WORKSPACE_UNWRITABLE', agent: id },
      })
      expect(place.server.agents()).toEqual([id])
      expect(await completeOne(id, { force: true })).toMatchObject({ ok: true, kept: null })
      const overridden = what === 'folder' ? ['kept'] : ['verify', 'kept']
      expect((await orch.registry.get(id))?.record.overridden).toEqual(overridden)
      expect(existsSync(join(place.folder, 'SUMMARY.md'))).toBe(false)
    },
  )
})
