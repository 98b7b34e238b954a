import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Item, TailLine } from '@orch/core'
import { type AgentStory, agentStory } from '../agents/support/agent-story.ts'
import { eventually } from '../harness/eventually.ts'
import { HOOKED_CAPABILITIES } from '../harness/hooked-capabilities.ts'
import { perTest } from '../harness/scope.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'

const scope = perTest()
let story: AgentStory

beforeEach(async () => {
  story = await agentStory(scope, 'opencode')
})

const isThere = (file: string): Promise<boolean> =>
  access(join(story.place.project, file)).then(
    () => true,
    () => false,
  )

/** The lines that programs told in this place. */
async function events(): Promise<string[]> {
  const folder = join(story.place.state, 'tmux', 'events')
  const names = (await readdir(folder)).filter((name) => /^[A-Za-z0-9-]+$/.test(name))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.join('').split('\n')
}

/** The newest items of an agent's transcript. */
async function lastItems(id: string, count: number): Promise<Item[]> {
  const { stdout } = await story.place.orch('tail', '--json', '-n', String(count), id)
  return stdout.split('\n').flatMap((line): Item[] => {
    const told = line === '' ? null : (JSON.parse(line) as TailLine)
    return told?.type === 'item' ? [told.item] : []
  })
}

/** The names beside the user's configuration, but for the one that OpenCode itself writes there. */
async function configured(): Promise<string[]> {
  const names = await readdir(join(story.place.env.XDG_CONFIG_HOME as string, 'opencode'))
  return names.filter((name) => name !== '.gitignore')
}

describe('an agent in tmux that runs the real opencode', () => {
  it('shows its turn and what was said and used, under the configuration of the user', async () => {
    const before = await configured()
    const id = await story.spawn('Work [[hold: the turn]] [[answer: over]]')
    expect(await story.seen(id, 'working')).toMatchObject({
      capabilities: [...HOOKED_CAPABILITIES, 'usage', 'resume'],
      evidence: [{ source: 'hook', detail: expect.stringContaining('UserPromptSubmit') }],
    })
    story.model.release('the turn')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(receivedTexts(story.model.requests, 'the turn')[0]).toContain(`You are the agent "${id}"`)
    expect(await configured()).toEqual(before)
    expect(await story.place.json('check', id)).toMatchObject({
      agent: { usage: { inputTokens: expect.any(Number), outputTokens: 1, costUsd: expect.any(Number) } },
    })
    expect(await lastItems(id, 1)).toMatchObject([{ kind: 'message', role: 'assistant', text: 'over' }])
  })

  it('waits on a permission: allowed from outside, denied with a reason, answered by a person', async () => {
    const id = await story.spawn('Run [[shell: touch allowed.txt]] [[answer: done]]')
    await story.settled(id, 'waiting')
    expect((await story.place.agent(id)).requests).toMatchObject([
      { kind: 'permission', text: 'bash: touch allowed.txt', answerable: true },
    ])
    expect(await story.place.json('answer', id, '--allow')).toMatchObject({ code: 0, result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await isThere('allowed.txt')).toBe(true)

    await story.send(id, 'Run [[shell: touch denied.txt]] [[answer: done]]')
    await story.settled(id, 'waiting')
    expect(await story.place.json('answer', id, 'Not now')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await isThere('denied.txt')).toBe(false)
    expect(story.model.requests.at(-1)?.toolResults.at(-1)).toContain('Not now')

    await story.send(id, 'Run [[shell: touch person.txt]] [[answer: on]] [[hold: on]]')
    await story.settled(id, 'waiting')
    const [request] = (await story.place.agent(id)).requests
    await story.press(id, 'Enter')
    expect(await story.seen(id, 'working')).toMatchObject({ requests: [] })
    expect(await story.place.json('answer', id, '--deny', '--request', request?.id as string)).toMatchObject({
      result: expect.stringMatching(/^(already|gone)$/),
    })
    expect(await isThere('person.txt')).toBe(true)
  })

  it('asks a question, which is answered from outside, and is interrupted from outside and by a person', async () => {
    const id = await story.spawn('Ask [[question: Which colour? | Red | Blue]] [[answer: fine]]')
    await story.settled(id, 'waiting')
    expect((await story.place.agent(id)).requests).toMatchObject([
      { kind: 'question', text: 'Which colour?', choices: [{ id: 'Red' }, { id: 'Blue' }] },
    ])
    expect(await story.place.json('answer', id, 'Blue')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(story.model.requests.at(-1)?.toolResults.at(-1)).toContain('Blue')

    await story.send(id, 'Work [[answer: begun]] [[hold: one]]')
    await story.holds('one')
    expect(await story.place.json('interrupt', id)).toMatchObject({ code: 0, interrupted: true })
    expect(await story.place.agent(id)).toMatchObject({ state: 'idle' })
    await story.send(id, 'Again [[answer: begun]] [[hold: two]]')
    await story.holds('two')
    await story.press(id, 'Escape')
    await eventually(async () => (await story.screen(id)).includes('again to interrupt'), { what: 'the first Escape' })
    await story.press(id, 'Escape')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await story.send(id, 'Next [[answer: next]]')).toMatchObject({ receipt: { delivery: 'confirmed' } })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(receivedTexts(story.model.requests, 'Next').at(-1)).toBe('Next [[answer: next]]')
  })

  it('answers its task, takes messages unaltered and one behind the other, no commands, and fails with its model', async () => {
    const spawned = await story.place.orch('spawn', 'Begin [[answer: begun]]', '--wait', '--program', 'opencode')
    expect(spawned).toMatchObject({ code: 0, stdout: 'begun\n' })
    const id = spawned.stderr.trim()
    const text = 'Über [[answer: said]]; #{pid} $(id) C-c ~\n  second line\n\tthird'
    expect(await story.send(id, text)).toMatchObject({ receipt: { delivery: 'confirmed' } })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(receivedTexts(story.model.requests, 'Über').at(-1)).toContain(text)

    await story.send(id, 'First [[answer: one]] [[hold: first]]')
    await story.holds('first')
    const second = await story.place.start('send', '--json', '--wait', id, 'Second [[answer: two]] [[hold: second]]')
    await eventually(async () => (await events()).some((line) => line.includes('Second')), {
      what: 'the second message',
    })
    story.model.release('first')
    await story.holds('second')
    expect(await story.place.agent(id)).toMatchObject({ state: 'working' })
    story.model.release('second')
    expect((await second.result()).json).toMatchObject({ receipt: { delivery: 'queued' }, answer: { text: 'two' } })

    for (const command of ['/help', 'Look at @README'])
      expect(await story.send(id, command)).toMatchObject({
        receipt: { delivery: 'refused', reason: { code: 'COMMAND_TEXT' } },
      })
    await story.send(id, '!touch shell.txt at @README and more [[error: 400]]')
    expect(await story.settled(id, 'failed')).toMatchObject({ outcome: 'met' })
    expect(await isThere('shell.txt')).toBe(false)
  })

  it('hears nothing of an opencode that it starts itself', async () => {
    const id = await story.spawn('Run [[shell: opencode run "Inner [[answer: inner]]"]] [[answer: outer]] [[hold: it]]')
    await story.settled(id, 'waiting')
    await story.place.json('answer', id, '--allow')
    await story.holds('it')
    expect(receivedTexts(story.model.requests, 'Inner').length).toBeGreaterThan(0)
    expect(await story.place.agent(id)).toMatchObject({ state: 'working' })
    expect((await events()).filter((line) => line.includes('UserPromptSubmit'))).toHaveLength(1)
  })
})

describe('an agent in tmux that runs the real opencode run', () => {
  const spawn = (task: string): Promise<string> =>
    story.place.spawn(task, '--program', 'opencode-run', '--name', 'agent')

  it('works until its program ends, and shows what was said, done and used', async () => {
    const task = `Read "it" [[hold: the run]] [[tool: read | {"filePath": "${story.place.project}/README.md"}]] [[answer: over]]`
    const id = await spawn(task)
    await story.holds('the run')
    expect(receivedTexts(story.model.requests, 'the run')[0]).toContain(task)
    expect(await story.place.agent(id)).toMatchObject({
      state: 'working',
      capabilities: ['programs', 'attach', 'screen', 'adopt', 'turns', 'answers', 'transcript', 'usage'],
    })
    expect(await story.send(id, 'More')).toMatchObject({
      receipt: { delivery: 'refused', reason: { code: 'NO_INPUT' } },
    })
    expect((await story.place.orch('interrupt', id)).stderr).toContain('cannot end a turn of this program')
    story.model.release('the run')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'exited' })
    expect(await story.place.json('check', id)).toMatchObject({
      agent: {
        reason: { code: 'PROCESS_ENDED', text: expect.stringContaining('code 0') },
        usage: { inputTokens: expect.any(Number), costUsd: expect.any(Number) },
      },
    })
    expect(await lastItems(id, 2)).toMatchObject([
      { kind: 'tool', tool: { name: 'read', status: 'completed', output: expect.stringContaining('README') } },
      { kind: 'message', role: 'assistant', text: 'over' },
    ])
    expect(await story.place.json('resume', id)).toMatchObject({ results: [{ error: { code: 'UNSUPPORTED' } }] })
  })

  it('fails with the error of its model, and ends when what it asks for is rejected, which it does itself', async () => {
    const refused = await spawn('Fail [[error: 400]]')
    expect(await story.settled(refused, 'failed')).toMatchObject({ outcome: 'met' })
    expect((await story.place.agent(refused)).reason.text).toBe(
      'Its process ended with code 1 after its turn failed: Scripted error 400',
    )
    // Not before: of two that make the database of a new home at once, OpenCode lets one fail.
    const asking = await spawn('Run [[shell: touch asked.txt]] [[answer: done]]')
    expect(await story.settled(asking, 'exited')).toMatchObject({ outcome: 'met' })
    expect(await isThere('asked.txt')).toBe(false)
    expect((await events()).filter((line) => line.includes('PermissionRequest'))).toEqual([])
    expect(await lastItems(asking, 1)).toMatchObject([
      { kind: 'tool', tool: { status: 'error', output: expect.stringContaining('rejected') } },
    ])
  })
})
