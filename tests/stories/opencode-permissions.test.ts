import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { AnswerDocument, CheckDocument, StatusDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { git } from '../harness/git-repository.ts'
import { perFile } from '../harness/scope.ts'
import { type ScriptedModel, startScriptedModel } from '../scripted-model/scripted-model.ts'
import { reading, subagent } from '../scripted-model/subagent.ts'
import { openCodePlace, type Place } from './support/place.ts'
import { itemsOfTail } from './support/tail.ts'

const scope = perFile()
let model: ScriptedModel
let place: Place

beforeAll(async () => {
  model = await scope.use(startScriptedModel())
  const bash = { '*': 'ask', 'echo *': 'allow', 'git *': 'allow' }
  place = await scope.use(openCodePlace({ model, permission: { edit: { '*': 'allow', '*.lock': 'ask' }, bash } }))
  await place.write('plain.txt', 'plain words\n')
  await place.write('secret.env', 'secret words\n')
})

/** What the agent's own tools gave back, not those of its subagents, in their order, with their names. */
async function results(id: string): Promise<[string | undefined, string][]> {
  const items = await itemsOfTail(place, id, '-n', '100')
  const tools = items.flatMap(({ from, tool }) => (from === null && tool !== null ? [tool] : []))
  return tools.map(({ name, status, output }) => [name, `${status}: ${output}`])
}

const exists = (path: string): boolean => existsSync(join(place.project, path))
/** Writes one file that is configured to be asked for. */
const write = (name: string): string => `[[write: ${join(place.project, name)} | new words]]`

describe('a request on OpenCode', () => {
  it('of a subagent shows what is asked, since when and how far each choice reaches', async () => {
    const id = await place.spawn(`Start ${subagent(`${write('a.lock')} [[answer: written]]`)} [[answer: done]]`)
    expect(await place.json('wait', id)).toMatchObject({ code: 23 })
    const { requests } = await place.json<AnswerDocument>('answer', id)
    expect(requests).toMatchObject([
      {
        kind: 'permission',
        text: `edit: ${join(place.project, 'a.lock')}`,
        from: expect.stringContaining('sub task'),
        detail: { permission: 'edit', diff: expect.stringContaining('+new words') },
        choices: [{ id: 'allow' }, { id: 'always', label: expect.stringContaining('for this agent') }, { id: 'deny' }],
      },
    ])
    expect(Math.abs(Date.now() - Date.parse(requests[0]?.since ?? ''))).toBeLessThan(60_000)
    for (const verb of ['answer', 'check']) {
      const { stdout } = await place.orch(verb, id)
      expect(stdout).toMatch(/^permission \(from sub task.*\) {2}edit: .*a\.lock {2}asked \d+s ago$/m)
      expect(stdout).toContain('    +new words')
    }
    const requestId = requests[0]?.id as string
    const answered = await place.orch('answer', id, '--always', '--request', requestId)
    expect(answered).toMatchObject({ code: 0, stdout: expect.stringContaining('as long as its session lives') })
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(exists('a.lock')).toBe(true)
    const again = await place.json('answer', id, '--deny', '--request', requestId)
    expect(again).toMatchObject({ code: 32, result: 'already' })

    await place.orch('send', id, `Go on ${write('b.lock')} [[answer: written]]`)
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(exists('b.lock')).toBe(true)
    const other = await place.spawn(`Other ${write('c.lock')} [[answer: written]]`)
    expect(await place.json('wait', other)).toMatchObject({ code: 23 })
    const [open] = (await place.agent(other)).requests
    expect(await place.json('interrupt', other)).toMatchObject({ code: 0 })
    const gone = await place.json('answer', other, '--allow', '--request', open?.id as string)
    expect(gone).toMatchObject({ code: 32, result: 'gone' })
    expect(exists('c.lock')).toBe(false)
  })
})

describe('spawn --permission deny on OpenCode', () => {
  /** Everything that would be asked for: a file, a command, a folder outside, a secret, a question. */
  const asking = (name: string): string =>
    [
      write(`${name}.lock`),
      `[[shell: touch ${name}.touched]]`,
      reading('/etc/hostname'),
      reading(join(place.project, 'secret.env')),
      '[[question: Which? | a | b]]',
      reading(join(place.project, 'plain.txt')),
      '[[shell: echo still here]]',
      '[[answer: I went on]]',
    ].join(' ')

  it('refuses what would be asked, in the agent and in a subagent, which go on and never wait', async () => {
    const task = `Try ${subagent(asking('sub'))} ${asking('own')}`
    const id = await place.spawn(task, '--permission', 'deny')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0, outcome: 'met' })
    const [task1, ...own] = await results(id)
    expect(task1).toEqual(['task', expect.stringContaining('I went on')])
    const refused = expect.stringMatching(/^error: .*rule which prevents/)
    expect(own).toEqual([
      ['write', refused],
      ['bash', refused],
      ['read', refused],
      ['read', refused],
      ['invalid', expect.any(String)],
      ['read', expect.stringContaining('plain words')],
      ['bash', expect.stringContaining('still here')],
    ])
    const texts = model.requests.flatMap(({ toolResults }) => toolResults)
    expect(texts.filter((text) => text.includes('secret words'))).toEqual([])
    for (const name of ['own', 'sub']) {
      expect([exists(`${name}.lock`), exists(`${name}.touched`)]).toEqual([false, false])
    }
    expect((await place.orch('check', id)).stdout).toMatch(/^permission +deny$/m)
  })

  it('takes rules over it, which the record keeps; they are not handed on to a subagent', async () => {
    const touch = (name: string): string => `[[shell: touch ${name}]] [[answer: I went on]]`
    const task = `Touch ${subagent(touch('sub.rule'))} ${touch('own.rule')}`
    const id = await place.spawn(task, '--permission', 'deny', '--permission', 'bash:touch *=allow')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect([exists('own.rule'), exists('sub.rule')]).toEqual([true, false])
    expect(await place.json<CheckDocument>('check', id)).toMatchObject({
      agent: {
        permission: 'deny',
        permissionRules: [{ permission: 'bash', pattern: 'touch *', action: 'allow' }],
      },
    })
    expect((await place.orch('check', id)).stdout).toMatch(/^permission +deny, bash:touch \*=allow$/m)
  })

  it('refuses a rule that asks for what the server cannot list, and makes nothing', async () => {
    const ids = async (): Promise<string[]> =>
      (await place.json<StatusDocument>('status')).agents.map((agent) => agent.id).sort()
    const before = await ids()
    const run = await place.orch('spawn', 'Fetch', '--permission', 'webfetch=ask')
    expect(run).toMatchObject({ code: 34, stderr: expect.stringContaining('cannot list such a request') })
    expect(await ids()).toEqual(before)
  })
})

describe('spawn --permission ask on OpenCode', () => {
  it('asks before the agent runs or changes anything; a subagent, which cannot be made to ask, may only read', async () => {
    const sub = `[[shell: echo sub]] ${write('sub.txt')} ${reading(join(place.project, 'plain.txt'))}`
    const task = `Look ${subagent(sub)} [[shell: echo own]] ${write('own.txt')} [[answer: done]]`
    const id = await place.spawn(task, '--permission', 'ask')
    expect(await place.json('wait', id)).toMatchObject({ code: 23 })
    expect((await place.agent(id)).requests).toMatchObject([{ text: 'bash: echo own', from: null }])
    expect((await results(id))[0]?.[1]).toContain('plain words')
    await place.orch('answer', id, '--allow')
    const next = await eventually(async () => (await place.agent(id)).requests[0])
    expect(next.text).toBe(`edit: ${join(place.project, 'own.txt')}`)
    await place.orch('answer', id, '--allow')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect([exists('own.txt'), exists('sub.txt')]).toEqual([true, false])
  })
})

describe('the workspace of an agent in a git worktree', () => {
  const MODES = ['deny', 'ask', 'allow', 'external_directory=deny', 'as configured']

  it.each(MODES)('can be written by it without a request, and read by its subagents, permission: %s', async (mode) => {
    const name = `mode-${MODES.indexOf(mode)}`
    const worktree = join(place.project, '..', `worktree-${name}`)
    await git(place.project, 'worktree', 'add', '-q', worktree)
    const flags = mode === 'as configured' ? [] : ['--permission', mode]
    const run = await place.orchWith({ cwd: worktree }, 'spawn', 'Wait [[answer: ready]]', '--name', name, ...flags)
    const id = run.stdout.trim()
    const workspace = join(place.project, '.orch', 'workspace', id)
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(await place.agent(id)).toMatchObject({ directory: worktree, project: place.project })
    const read = `${reading(join(workspace, 'note.txt'))} [[answer: read]]`
    await place.orch('send', id, `[[write: ${workspace}/note.txt | a note]] ${subagent(read)} [[answer: done]]`)
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(await readFile(join(workspace, 'note.txt'), 'utf8')).toBe('a note')
    expect((await results(id)).map(([tool, result]) => [tool, result.split(':')[0]])).toEqual([
      ['write', 'completed'],
      ['task', 'completed'],
    ])
    expect(model.requests.flatMap(({ toolResults }) => toolResults).at(-1)).toContain('read')
  })

  it('can be written by its subagents too under deny', async () => {
    const worktree = join(place.project, '..', 'worktree-sub')
    await git(place.project, 'worktree', 'add', '-q', worktree)
    const run = await place.orchWith({ cwd: worktree }, 'spawn', 'Wait [[answer: ready]]', '--permission', 'deny')
    const id = run.stdout.trim()
    const file = join(place.project, '.orch', 'workspace', id, 'sub.txt')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    await place.orch('send', id, `${subagent(`[[write: ${file} | by a subagent]]`)} [[answer: done]]`)
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(await readFile(file, 'utf8')).toBe('by a subagent')
  })
})
