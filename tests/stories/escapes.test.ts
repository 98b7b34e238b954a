import { describe, expect, it } from '@jest/globals'
import type { TailLine } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { startScriptedModel } from '../scripted-model/scripted-model.ts'
import { openCodePlace, type Place, tmuxPlace } from './support/place.ts'
import { runningAgent } from './support/running.ts'

const scope = perTest()

const title = '\u001b]0;PWNED\u0007'
const clipboard = '\u001b]52;c;cHduZWQ=\u001b\\'
const colour = '\u001b[31mred\u001b[0m'
const clear = '\u001b[2J\u001b[1;1H'
const nasty = `${title}${clipboard}${clear}${colour} \u009b31m\u0085\u202e\b\b`

/** Every control character but line feed and tab: nothing of it may reach a terminal. */
const controls = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u

async function expectClean(place: Place, id: string): Promise<void> {
  for (const args of [
    ['status'],
    ['status', '--ended'],
    ['check', id],
    ['tail', id],
    ['answer', id],
    ['wait', id, '--timeout', '50ms'],
  ]) {
    const { stdout, stderr } = await place.orch(...args)
    expect({ args, found: controls.exec(stdout + stderr)?.[0] }).toEqual({ args, found: undefined })
  }
}

describe('terminal control sequences in what an agent says', () => {
  it('do not come out of any command on tmux, only out of tail --raw', async () => {
    const place = await scope.use(tmuxPlace())
    const refused = await place.orch('spawn', `Task ${colour}`, '--program', '--', 'cat')
    expect(refused).toMatchObject({ code: 73, stdout: '', stderr: expect.stringContaining('U+001B') })
    expect(await place.json('status')).toMatchObject({ agents: [], orphans: [] })
    const id = await runningAgent(place, 'Print')
    const following = await place.start('tail', '-f', id)
    const escaped = nasty.replace(/\p{Cc}/gu, (character) => `\\x${Buffer.from(character, 'latin1').toString('hex')}`)
    expect(await place.json('send', id, `[[print: before ${escaped} after]]`)).toMatchObject({ code: 0 })
    await place.orch('send', id, '[[print: end of output]]')
    await eventually(() => following.stdout().includes('end of output'))
    expect(following.stdout()).toMatch(/^before +red .*after$/m)
    expect(controls.exec(following.stdout())).toBeNull()
    await place.write(
      `.orch/workspace/${id}/WORKSPACE.md`,
      `Phase: Testing - ${nasty}note\nQUESTION: Which ${nasty}?\n`,
    )
    expect(await place.agent(id)).toMatchObject({ state: 'waiting' })
    await expectClean(place, id)
    const raw = await place.orch('tail', '--raw', id)
    expect(raw.stdout).toContain(title + clipboard)
    const items = (await place.orch('tail', '--json', id)).stdout.split('\n').slice(0, -1)
    expect(items.filter((line) => controls.test(line))).toEqual([])
    expect(items.map((line) => JSON.parse(line) as TailLine).filter(hasControls)).toEqual([])
    const inJson = (await place.orch('tail', '--json', '--raw', id)).stdout
    expect(controls.exec(inJson)).toBeNull()
    expect(
      inJson
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as TailLine)
        .some(hasControls),
    ).toBe(true)
  })

  it('do not come out of any command on OpenCode, live or later', async () => {
    const model = await scope.use(startScriptedModel())
    const place = await scope.use(openCodePlace({ model }))
    const task = `Say ${nasty} [[hold: say]] [[answer: before ${nasty} after]] [[shell: printf '\\\\033[31mred\\\\n']] [[question: Which ${nasty}? | ${colour} | b]]`
    const id = await place.spawn(task)
    await eventually(() => model.waiting().includes('say'), { timeoutMs: 30_000 })
    const following = await place.start('tail', '-f', id)
    const followingJson = await place.start('tail', '-f', '--json', id)
    await eventually(() => following.stdout() !== '' && followingJson.stdout() !== '')
    model.release('say')
    expect(await place.json('wait', id)).toMatchObject({ code: 23 })
    await eventually(() => /before red .*after/.test(following.stdout()))
    expect(controls.exec(following.stdout())).toBeNull()
    await eventually(() => followingJson.lines<TailLine>().some(({ type }) => type === 'state'))
    expect(controls.exec(followingJson.stdout())).toBeNull()
    expect(followingJson.lines<TailLine>().filter(hasControls)).toEqual([])
    await expectClean(place, id)
  })
})

function hasControls(line: TailLine): boolean {
  const text =
    line.type === 'delta' ? line.text : line.type === 'item' ? `${line.item.text}${line.item.tool?.output}` : ''
  return /(?![\n\t])\p{Cc}/u.test(text)
}
