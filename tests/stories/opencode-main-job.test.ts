import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { AnswerDocument, CompleteDocument, Item, SendDocument, SpawnDocument, TailLine } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { git } from '../harness/git-repository.ts'
import { perFile } from '../harness/scope.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'
import { type ScriptedModel, startScriptedModel } from '../scripted-model/scripted-model.ts'
import { managedServer } from './support/managed-server.ts'
import { openCodePlace, type Place } from './support/place.ts'
import { itemsOfTail } from './support/tail.ts'

const scope = perFile()
let model: ScriptedModel
let place: Place

beforeAll(async () => {
  model = await scope.use(startScriptedModel())
  place = await scope.use(openCodePlace({ model, permission: { edit: { 'asked.txt': 'ask' } } }))
  await place.write('asked.txt', 'old\n')
})

describe('the main job on OpenCode', () => {
  it('goes from spawn to complete, seen, steered, answered and verified on the way', async () => {
    const task = 'Look [[answer: I look]] [[hold: look]] [[shell: echo it is $((40 + 2))]] [[answer: I have looked]]'
    const spawned = await place.json<SpawnDocument>('spawn', task)
    const { id } = spawned.agent
    expect(spawned).toMatchObject({ code: 0, created: true, prompt: { delivery: 'confirmed' }, agent: { task } })
    await eventually(() => model.waiting().includes('look'), { timeoutMs: 30_000 })
    expect(await place.agent(id)).toMatchObject({ state: 'working', lifecycle: 'active', backend: 'opencode' })
    const context = await readFile(join(place.project, '.orch', 'workspace', id, 'SPAWN_CONTEXT.md'), 'utf8')
    expect(receivedTexts(model.requests, task)).toEqual([context])

    const queued = await place.json<SendDocument>('send', id, 'While you look [[answer: Taken along]]')
    expect(queued).toMatchObject({ code: 0, receipt: { delivery: 'queued' } })
    model.release('look')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0, outcome: 'met' })
    const texts = receivedTexts(model.requests, task)
    expect(texts.filter((text) => text.includes('While you look'))).toHaveLength(1)
    const items = await itemsOfTail(place, id)
    expect(items.filter(({ kind }) => kind === 'tool')).toMatchObject([
      { tool: { name: 'bash', status: 'completed', output: expect.stringContaining('it is 42') } },
    ])
    expect(items.at(-1)).toMatchObject({ kind: 'message', role: 'assistant', final: true })
    for (const count of [1, 2, 3]) {
      expect(await itemsOfTail(place, id, '-n', String(count))).toEqual(items.slice(-count))
    }

    const following = await place.start('tail', '-f', '-n', '1', '--json', id)
    const reading = await place.start('tail', '-f', '-n', '1', id)
    await eventually(() => following.lines().length > 0 && reading.stdout() !== '')
    const sent = await place.json<SendDocument>('send', id, 'Talk [[slow: 10, 20]] [[hold: talk]] [[answer: over]]')
    expect(sent).toMatchObject({ code: 0, receipt: { delivery: 'confirmed' } })
    await eventually(() => shownText(following.lines()).includes('chunk 10'))
    expect(following.lines<TailLine>().filter(({ type }) => type === 'delta').length).toBeGreaterThan(5)
    model.release('talk')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    await eventually(() => shownText(following.lines()).endsWith('chunk 10\nover'))
    const talked = (await itemsOfTail(place, id, '-n', '1')).at(-1)?.text
    expect(talked).toBe(`${Array.from({ length: 10 }, (_, index) => `chunk ${index + 1}`).join(' ')}\nover`)
    expect(shownText(following.lines())).toBe(talked)
    const growth = following.lines<TailLine>().map((_, index, lines) => shownText(lines.slice(0, index + 1)))
    expect(growth.slice(growth.indexOf('chunk 1')).filter((text) => !talked?.startsWith(text))).toEqual([])
    await eventually(() => reading.stdout().includes('over\n'))
    const streamed = reading
      .stdout()
      .split('\n')
      .filter((line) => line.includes('chunk'))
    expect(streamed).toEqual([talked?.split('\n')[0]])

    await place.orch('send', id, 'Edit [[edit: asked.txt | old | new]] [[answer: Edited]]')
    expect(await place.json('wait', id)).toMatchObject({ code: 23, outcome: 'waiting' })
    expect((await place.agent(id)).requests).toMatchObject([{ kind: 'permission', answerable: true }])
    expect(await place.json('send', id, 'Go on')).toMatchObject({ code: 30, receipt: { reason: { code: 'WAITING' } } })
    expect(await place.json('complete', id)).toMatchObject({ code: 40 })
    expect(await readFile(join(place.project, 'asked.txt'), 'utf8')).toBe('old\n')
    const allowed = await place.json<AnswerDocument>('answer', id, '--allow')
    expect(allowed).toMatchObject({ code: 0, result: 'answered' })
    expect(await place.json('answer', id, '--allow', '--request', allowed.request?.id as string)).toMatchObject({
      code: 32,
    })
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(await readFile(join(place.project, 'asked.txt'), 'utf8')).toBe('new\n')

    await place.orch('send', id, 'Ask [[question: Which colour? | red | blue]]')
    expect(await place.json('wait', id)).toMatchObject({ code: 23 })
    const listed = await place.json<AnswerDocument>('answer', id)
    expect(listed).toMatchObject({ code: 0, requests: [{ kind: 'question', text: 'Which colour?' }] })
    expect(listed.requests[0]?.choices.map(({ label }) => label)).toEqual(['red', 'blue'])
    expect(await place.json('answer', id, 'blue')).toMatchObject({ code: 0, result: 'answered' })
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    expect(model.requests.at(-1)?.toolResults.at(-1)).toContain('"Which colour?"="blue"')

    await place.orch('send', id, `Finish [[hold: finish]] [[phase: Complete - it's "done"]] [[answer: Finished]]`)
    const waiting = await place.start('wait', id, '--json')
    model.release('finish')
    expect(await waiting.result()).toMatchObject({ code: 0, json: { outcome: 'met', agents: [{ met: true }] } })
    expect(await place.json('wait', id, '--until', 'idle,done')).toMatchObject({ code: 0 })
    const done = await eventually(async () => {
      const agent = await place.agent(id)
      return agent.state === 'done' && agent
    })
    expect(done).toMatchObject({ phase: { name: 'Complete', note: `it's "done"` }, requests: [] })
    expect(await place.json('check', id)).toMatchObject({ git: { commits: [], dirty: ['asked.txt'] } })
    expect(await git(place.project, 'status', '--porcelain')).toBe('?? asked.txt')

    const completed = await place.json<CompleteDocument>('complete', id)
    expect(completed).toMatchObject({
      code: 0,
      results: [{ ok: true, lifecycle: 'completed', stop: { proven: true } }],
    })
    const server = await managedServer(place)
    const session = await server.sessionOf(id)
    expect(session.time.archived).toEqual(expect.any(Number))
    expect(await server.busy(place.project)).toEqual([])
    expect(await server.children()).toEqual([])
    expect(await place.agent(id)).toMatchObject({ state: 'done', lifecycle: 'completed' })
    expect(await place.json('status')).toMatchObject({ agents: [], orphans: [], complete: true })
    for (const process of [following, reading]) {
      expect(await process.result()).toMatchObject({ code: 0, stderr: '' })
    }
    expect(following.lines<TailLine>().at(-1)).toMatchObject({ type: 'end' })
  })
})

/** What a reader shows of the newest assistant message that streamed: items replace, deltas are added. */
function shownText(lines: TailLine[]): string {
  const items = new Map<string, Pick<Item, 'text' | 'role'>>()
  for (const line of lines) {
    if (line.type === 'item' && line.item.kind === 'message' && line.item.role === 'assistant')
      items.set(line.item.id, line.item)
    if (line.type !== 'delta') continue
    const before = items.get(line.itemId)
    items.set(line.itemId, { role: 'assistant', text: `${before?.text ?? ''}${line.text}` })
  }
  return [...items.values()].at(-1)?.text ?? ''
}
