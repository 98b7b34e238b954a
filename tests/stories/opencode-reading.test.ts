import { beforeEach, describe, expect, it } from '@jest/globals'
import type { TailLine } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { signalProcess } from '../harness/processes.ts'
import { perTest } from '../harness/scope.ts'
import { startOpenCode } from '../harness/start-open-code.ts'
import { startProxy } from '../harness/start-proxy.ts'
import { wholeLines } from '../harness/whole-lines.ts'
import { type ScriptedModel, startScriptedModel } from '../scripted-model/scripted-model.ts'
import { managedServer } from './support/managed-server.ts'
import { openCodePlace, type Place } from './support/place.ts'
import { itemsOfTail } from './support/tail.ts'

const scope = perTest()
let model: ScriptedModel

beforeEach(async () => {
  model = await scope.use(startScriptedModel())
})

async function linesOf(place: Place, ...args: string[]): Promise<TailLine[]> {
  const { stdout } = await place.orch('tail', '--json', ...args)
  return wholeLines(stdout).map((line) => JSON.parse(line) as TailLine)
}

/** How often each text stands on a page for people. */
const times = (page: string, text: string): number => page.split(text).length - 1

describe('reading an OpenCode agent', () => {
  it('shows what it said, did, changed and had done, and after a cursor only what came later', async () => {
    const place = await scope.use(openCodePlace({ model }))
    const inner = '[[shell: echo from inside]] [[answer: Seen]]'.replaceAll('[', '\\u005b').replaceAll(']', '\\u005d')
    const task = `{"description":"Look around","subagent_type":"general","prompt":"${inner}"}`
    const script = [
      '[[think: I wonder]]',
      '[[answer: I begin]]',
      '[[shell: seq 1 9]]',
      '[[write: new.txt | hello\\n]]',
      `[[tool: task | ${task}]]`,
      '[[answer: Over]]',
    ]
    const id = await place.spawn(`Work ${script.join(' ')}`)
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    const page = (await place.orch('tail', '-n', '8', id)).stdout.replaceAll(/\d+\.\d s/g, 'T')
    const from = '  Look around (@general subagent): '
    expect(page).toContain(
      [
        'I begin',
        '[completed] bash seq 1 9 (T)',
        ...['1', '2', '3', '4', '5', '… 4 more lines'].map((line) => `    ${line}`),
        '[completed] write (T)',
        '    --- /dev/null',
        `    +++ ${place.project}/new.txt`,
        '    @@ -0,0 +1,1 @@',
        '    +hello',
      ].join('\n'),
    )
    expect(page).toContain(`${from}[completed] bash echo from inside (T)\n      from inside\n${from}Seen\nOver\n`)
    expect((await place.orch('tail', id)).stdout).not.toContain('\nI wonder\n')
    expect((await place.orch('tail', '--reasoning', id)).stdout).toContain('\nI wonder\n')

    const lines = await linesOf(place, '-n', '100', id)
    const cursors = lines.flatMap((line) => (line.type === 'item' ? [line.cursor as string] : []))
    expect(await linesOf(place, '--since', cursors.at(-3) as string, id)).toEqual(lines.slice(-2))
    await place.orch('send', id, 'More [[answer: And more]]')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    const later = await itemsOfTail(place, id, '--since', cursors.at(-1) as string)
    expect(later.map(({ text }) => text)).toEqual(['More [[answer: And more]]', 'And more'])
    expect(await place.orch('tail', '--since', 'nonsense', id)).toMatchObject({ code: 64 })
    expect(await place.orch('tail', '--since', cursors[0] as string, '-n', '3', id)).toMatchObject({ code: 64 })
  })

  it('that is followed over a cut stream says where, and shows each text once and whole', async () => {
    const server = await scope.use(startOpenCode({ model }))
    const proxy = await scope.use(startProxy({ target: server.url }))
    const env = { OPENCODE_URL: proxy.url, OPENCODE_SERVER_PASSWORD: server.password }
    const place = await scope.use(openCodePlace({ model, env }))
    const id = await place.spawn(
      'Hold [[hold: begin]] [[answer: alpha]] [[hold: cut]] [[answer: omega]] [[shell: echo sigma]]',
    )
    const reading = await place.start('tail', '-f', '-n', '1', id)
    await eventually(() => reading.stdout() !== '')
    model.release('begin')
    await eventually(() => reading.stdout().includes('\nalpha'), { timeoutMs: 30_000 })
    proxy.cut()
    await eventually(() => times(reading.stdout(), '-- something may be missing') >= 2, { timeoutMs: 20_000 })
    model.release('cut')
    await eventually(() => reading.stdout().includes('-- idle'), { timeoutMs: 20_000 })
    await place.orch('send', id, 'Again [[answer: lambda]]')
    await eventually(() => reading.stdout().includes('lambda\n'), { timeoutMs: 20_000 })
    const page = reading.stdout()
    for (const text of ['\nalpha', '\nomega', '[completed] bash', '    sigma', '> Again', '\nlambda']) {
      expect([text, times(page, text)]).toEqual([text, 1])
    }
  })

  it('that is followed over a killed server goes on with the next one, and repeats nothing', async () => {
    const place = await scope.use(openCodePlace({ model }))
    const id = await place.spawn('Begin [[answer: alpha]] [[shell: echo sigma]] [[answer: beta]]')
    expect(await place.json('wait', id, '--until', 'idle')).toMatchObject({ code: 0 })
    const reading = await place.start('tail', '-f', id)
    const following = await place.start('tail', '-f', '--json', id)
    await eventually(() => reading.stdout().includes('-- idle') && following.stdout().includes('"state":"idle"'))
    await place.orch('send', id, 'Cut off [[answer: gamma]] [[hold: killed]]')
    await eventually(() => reading.stdout().includes('\ngamma'), { timeoutMs: 20_000 })
    signalProcess((await managedServer(place)).process.pid, 'SIGKILL')
    await eventually(() => reading.stdout().includes('-- something may be missing'), { timeoutMs: 20_000 })
    await place.orch('send', id, 'Go on [[answer: omega]]')
    await eventually(() => reading.stdout().includes('omega\n') && following.stdout().includes('"omega"'), {
      timeoutMs: 20_000,
    })
    const page = reading.stdout()
    for (const text of ['\nalpha', '[completed] bash', '\nbeta', '\ngamma', '> Go on', '\nomega']) {
      expect([text, times(page, text)]).toEqual([text, 1])
    }
    const items = following
      .lines<TailLine>()
      .flatMap((line) => (line.type === 'item' ? [JSON.stringify(line.item)] : []))
    expect(new Set(items).size).toBe(items.length)
    const cursor = following.lines<TailLine>().findLast((line) => line.type === 'item')
    expect(await itemsOfTail(place, id, '--since', (cursor as { cursor: string }).cursor)).toEqual([])
  })
})
