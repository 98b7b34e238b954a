import { readFile } from 'node:fs/promises'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { CheckDocument, CompleteDocument, SendDocument, StatusDocument, TailLine, WaitDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { isAlive } from '../harness/processes.ts'
import { perTest } from '../harness/scope.ts'
import { type Place, receivedBy, tmuxPlace } from './support/place.ts'
import { interactiveAgent } from './support/program.ts'
import { textsOfTail } from './support/tail.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await scope.use(tmuxPlace())
})

describe('the main job on tmux', () => {
  it('goes from spawn to complete, seen, steered, answered and verified on the way', async () => {
    const id = await place.spawn('Count [[count: 30]] and wait', ...interactiveAgent)
    expect(await place.agent(id)).toMatchObject({ state: 'running', lifecycle: 'active', project: place.project })
    expect(await place.tmux.windows()).toContain(id)
    const [context] = await eventually(async () => {
      const texts = await receivedBy(place, id)
      return texts.length > 0 && texts
    })
    expect(context).toBe(await readFile(`${place.project}/.orch/workspace/${id}/SPAWN_CONTEXT.md`, 'utf8'))

    await eventually(async () => (await textsOfTail(place, id, '-n', '1'))[0] === 'line 30')
    expect(await textsOfTail(place, id, '-n', '3')).toEqual(['line 28', 'line 29', 'line 30'])
    expect((await place.orch('tail', '-n', '2', id)).stdout).toBe('line 29\nline 30\n')
    expect(await textsOfTail(place, id)).toHaveLength(20)

    const following = await place.start('tail', '-f', '-n', '1', '--json', id)
    await eventually(() => texts(following.lines()).includes('line 30'))
    const sent = await place.json<SendDocument>('send', id, 'Print [[print: one\\ntwo]]\nover two lines')
    expect(sent).toMatchObject({ code: 0, receipt: { delivery: 'accepted' } })
    await eventually(() => texts(following.lines()).includes('two'))
    expect(await receivedBy(place, id)).toEqual([context, 'Print [[print: one\\ntwo]]\nover two lines'])

    await place.orch('send', id, '[[ask: Which colour?]]')
    const asked = await place.json<WaitDocument>('wait', id)
    expect(asked).toMatchObject({ code: 23, outcome: 'waiting', agents: [{ agent: { state: 'waiting' } }] })
    expect((await place.agent(id)).requests).toMatchObject([{ kind: 'question', text: 'Which colour?' }])
    const refused = await place.json<SendDocument>('send', id, 'Never mind')
    expect(refused).toMatchObject({ code: 30, receipt: { delivery: 'refused', reason: { code: 'WAITING' } } })
    expect(await place.json('answer', id, 'blue')).toMatchObject({ code: 0, result: 'answered' })
    await eventually(async () => (await receivedBy(place, id)).at(-1) === 'blue')
    expect((await receivedBy(place, id)).slice(2)).toEqual(['[[ask: Which colour?]]', 'blue'])
    expect(await place.agent(id)).toMatchObject({ state: 'running', requests: [] })
    const early = await place.orch('--json', 'send', id, 'Later', '--when', 'idle')
    expect(early).toMatchObject({ code: 34, json: { error: { code: 'UNSUPPORTED', outcome: 'none' } } })
    expect((await place.agent(id)).queued).toBe(0)
    const attach = ['--attach', `${place.project}/.git/HEAD`]
    for (const line of [
      ['send', id, 'Look', ...attach],
      ['spawn', 'Look', ...attach, ...interactiveAgent],
    ]) {
      const withFile = await place.orch('--json', ...line)
      expect(withFile).toMatchObject({ code: 34, json: { error: { code: 'UNSUPPORTED', outcome: 'none' } } })
    }
    expect((await place.json<StatusDocument>('status')).agents).toMatchObject([{ id }])

    const waiting = await place.start('wait', id, '--json')
    await place.orch('send', id, `[[child]] [[phase: Complete - it's "done"]]`)
    const waited = await waiting.result()
    expect(waited).toMatchObject({ code: 0, json: { outcome: 'met', agents: [{ met: true }] } })
    expect(await place.agent(id)).toMatchObject({ state: 'done', phase: { name: 'Complete', note: `it's "done"` } })
    const checked = await place.json<CheckDocument>('check', id)
    expect(checked).toMatchObject({ git: { commits: [], dirty: [] }, agent: { state: 'done' } })

    const running = await eventually(async () => {
      const now = await place.processesOf(id)
      return now.some(({ argv }) => argv.join(' ') === 'sleep infinity') && now
    })
    const dry = await place.json<CompleteDocument>('complete', id, '--dry-run')
    expect(dry).toMatchObject({ code: 0, dryRun: true, results: [{ ok: true, stop: null, lifecycle: 'active' }] })
    expect(await place.agent(id)).toMatchObject({ state: 'done', lifecycle: 'active' })
    const completed = await place.json<CompleteDocument>('complete', id)
    expect(completed).toMatchObject({
      code: 0,
      results: [{ ok: true, lifecycle: 'completed', stop: { proven: true } }],
    })
    expect(await Promise.all(running.map(isAlive))).toEqual(running.map(() => false))
    expect(await place.processesOf(id)).toEqual([])
    expect(await place.tmux.windows()).not.toContain(id)
    expect(await place.agent(id)).toMatchObject({ state: 'done', lifecycle: 'completed' })
    expect(await place.json('status')).toMatchObject({ code: 0, agents: [], orphans: [], complete: true })

    const followed = await following.result()
    expect(followed).toMatchObject({ code: 0, stderr: '' })
    expect(following.lines<TailLine>().at(-1)).toMatchObject({ type: 'end' })
    const printed = finalTexts(following.lines())
    for (const line of ['line 30', 'one', 'two', 'took: blue'])
      expect(printed.filter((text) => text === line)).toEqual([line])
    expect(printed[0]).toBe('line 30')
  })
})

function texts(lines: TailLine[]): (string | null)[] {
  return lines.flatMap((line) => (line.type === 'item' ? [line.item.text] : []))
}

/** The text of each item as it was when it was final, in the order in which they came first. */
function finalTexts(lines: TailLine[]): (string | null)[] {
  const items = new Map<string, string | null>()
  for (const line of lines) if (line.type === 'item') items.set(line.item.id, line.item.text)
  return [...items.values()]
}
