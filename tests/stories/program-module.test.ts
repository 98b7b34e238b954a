import { cp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { TailLine } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { HOOKED_CAPABILITIES } from '../harness/hooked-capabilities.ts'
import { perTest } from '../harness/scope.ts'
import { type Place, tmuxPlace } from './support/place.ts'

const example = join(import.meta.dirname, '../../examples/program-clerk')
const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await scope.use(tmuxPlace())
  await cp(example, join(place.project, '.orch/program-clerk'), { recursive: true })
  await configure({ clerk: { module: './program-clerk/program.js' } })
})

const configure = (programs: object): Promise<unknown> => place.write('.orch/config.json', JSON.stringify({ programs }))

const settled = (id: string, state: string): Promise<object> =>
  place.json('wait', id, '--until', state, '--timeout', '60s')

/** Lets the work of the only clerk go on. */
async function goOn(): Promise<void> {
  const folder = join(place.env.HOME as string, '.clerk')
  const [transcript] = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'))
  await writeFile(join(folder, `${transcript?.slice(0, -'.jsonl'.length)}.go`), '')
}

describe('a program that a module of the project describes', () => {
  it('is launched, listened to, answered and interrupted like one that orch knows', async () => {
    const id = await place.spawn('anything', '--program', 'clerk', '--name', 'clerk')
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await place.agent(id)).toMatchObject({
      program: 'clerk',
      capabilities: [...HOOKED_CAPABILITIES, 'resume'],
      evidence: [{ source: 'hook' }],
    })
    expect(await place.json('send', id, 'ask count the stamps')).toMatchObject({ receipt: { delivery: 'confirmed' } })
    expect(await settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect((await place.agent(id)).requests).toMatchObject([{ kind: 'permission', text: 'clerk: count the stamps' }])
    expect(await place.json('answer', id, '--allow')).toMatchObject({ result: 'answered' })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await place.json('send', id, 'work on')).toMatchObject({ receipt: { delivery: 'confirmed' } })
    expect(await place.agent(id)).toMatchObject({ state: 'working' })
    expect(await place.json('interrupt', id)).toMatchObject({ interrupted: true })
    expect(await place.json('send', id, 'work again')).toMatchObject({ receipt: { delivery: 'confirmed' } })
    await goOn()
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await place.json('send', id, 'answer well done', '--wait')).toMatchObject({ answer: { text: 'well done' } })
    const { stdout } = await place.orch('tail', '--json', '-n', '2', id)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TailLine)
    expect(lines.flatMap((line) => (line.type === 'item' ? [line.item] : []))).toMatchObject([
      { kind: 'message', role: 'user', text: 'answer well done' },
      { kind: 'message', role: 'assistant', text: 'well done' },
    ])
  })

  it('shows a screen that comes before its first message as waiting', async () => {
    await configure({ clerk: { module: './program-clerk/program.js', env: { CLERK_ASKS_TRUST: '1' } } })
    const id = await place.spawn('anything', '--program', 'clerk')
    const waiting = await eventually(async () => {
      const agent = await place.agent(id)
      return agent.state === 'waiting' && agent
    })
    expect(waiting.requests).toMatchObject([{ kind: 'startup', text: 'It asks whether it may work in the folder' }])
  })

  it('is still seen when its module has gone, with what it told', async () => {
    const id = await place.spawn('work long', '--program', 'clerk')
    await eventually(async () => (await place.agent(id)).state === 'working')
    await writeFile(join(place.project, '.orch/program-clerk/program.js'), 'export {')
    expect(await place.agent(id)).toMatchObject({ state: 'working' })
    const refused = await place.orch('spawn', 'more', '--program', 'clerk', '--json')
    expect(refused).toMatchObject({ code: 78, json: { error: { code: 'PROGRAM_INVALID', outcome: 'none' } } })
    expect(await place.json('abandon', id)).toMatchObject({ results: [{ ok: true, stop: { proven: true } }] })
  })
})
