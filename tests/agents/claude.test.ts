import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { HOOKED_CAPABILITIES } from '../harness/hooked-capabilities.ts'
import { perTest } from '../harness/scope.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'
import { type AgentStory, agentStory } from './support/agent-story.ts'

const scope = perTest()
let story: AgentStory

beforeEach(async () => {
  story = await agentStory(scope, 'claude')
})

/** How many messages programs told of so far, by what is noted beside their events. */
async function messagesTold(): Promise<number> {
  const folder = join(story.place.state, 'tmux', 'events')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.messages'))
  const notes = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return notes.join('').split('\n').filter(Boolean).length
}

const isThere = (file: string): Promise<boolean> =>
  access(join(story.place.project, file)).then(
    () => true,
    () => false,
  )

describe('an agent that runs the real claude', () => {
  it('shows its turn from the task to the end', async () => {
    const id = await story.spawn('Work [[hold: the turn]] [[answer: over]]')
    expect(await story.seen(id, 'working')).toMatchObject({
      capabilities: [...HOOKED_CAPABILITIES, 'usage', 'resume'],
      evidence: [{ source: 'hook', detail: expect.stringContaining('UserPromptSubmit') }],
    })
    story.model.release('the turn')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(receivedTexts(story.model.requests, 'the turn')[0]).toContain(`You are the agent "${id}"`)
  })

  it('has a message for certain when its hook says so, and an idle one is its own', async () => {
    const id = await story.idle()
    const text = 'Über [[answer: said]]; #{pid} $(id) C-c ~\n  second line\n  third'
    expect(await story.send(id, text)).toMatchObject({
      receipt: { delivery: 'confirmed', evidence: [{ source: 'hook' }] },
    })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    const received = receivedTexts(story.model.requests, 'Über').at(-1)
    expect(received?.replace(/\s+/g, ' ')).toContain(text.replace(/\s+/g, ' '))
  })

  it('queues what is sent while it works, and is idle only behind it', async () => {
    const id = await story.idle()
    await story.send(id, 'First [[answer: one]] [[hold: first]]')
    expect(await story.send(id, 'Second [[answer: two]] [[hold: second]]')).toMatchObject({
      receipt: { delivery: 'queued' },
    })
    story.model.release('first')
    await story.holds('second')
    expect(await story.place.agent(id)).toMatchObject({ state: 'working' })
    story.model.release('second')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  })

  it('brings the answer to a message, also to those that wait behind a turn', async () => {
    const id = await story.idle()
    expect(await story.place.json('send', id, 'One [[answer: the first]]', '--wait')).toMatchObject({
      outcome: 'met',
      answer: { text: 'the first' },
    })
    await story.send(id, 'Hold [[answer: held]] [[hold: it]]')
    const waiting = ['[[answer: the second]]', '[[answer: the third]]'].map((text) =>
      story.place.start('send', '--json', '--wait', id, text),
    )
    const sending = await Promise.all(waiting)
    await eventually(async () => (await messagesTold()) === 4, { what: 'both messages' })
    story.model.release('it')
    const ends = await Promise.all(sending.map((one) => one.result()))
    for (const { json } of ends)
      expect(json).toMatchObject({ outcome: 'met', answer: { text: expect.stringMatching(/the (second|third)/) } })
  })

  it('waits on a permission, which is allowed from outside', async () => {
    const id = await story.spawn('Run [[shell: touch allowed.txt]] [[answer: done]]')
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    const { requests } = await story.place.agent(id)
    expect(requests).toMatchObject([
      {
        kind: 'permission',
        text: 'Bash: touch allowed.txt',
        detail: { command: 'touch allowed.txt' },
        answerable: true,
      },
    ])
    expect(await story.place.json('answer', id, '--allow')).toMatchObject({ code: 0, result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await isThere('allowed.txt')).toBe(true)
  })

  it('waits on a permission, which is denied from outside with a reason', async () => {
    const id = await story.spawn('Run [[shell: touch denied.txt]] [[answer: done]]')
    await story.settled(id, 'waiting')
    expect(await story.place.json('answer', id, 'Not now')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await isThere('denied.txt')).toBe(false)
    expect(story.model.requests.at(-1)?.toolResults.at(-1)).toContain('Not now')
  })

  it('waits on a question, which is answered from outside', async () => {
    const id = await story.spawn('Ask [[question: Which colour? | Red | Blue]] [[answer: fine]]')
    await story.settled(id, 'waiting')
    const { requests } = await story.place.agent(id)
    expect(requests).toMatchObject([
      { kind: 'question', text: 'Which colour?', choices: [{ id: 'Red' }, { id: 'Blue' }] },
    ])
    expect(await story.place.json('answer', id, 'Blue')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(story.model.requests.at(-1)?.toolResults.at(-1)).toContain('Blue')
  })

  it('waits no longer when a person has answered, and takes no later answer for that request', async () => {
    const id = await story.spawn('Run [[shell: touch person.txt]] [[answer: on]] [[hold: on]]')
    await story.settled(id, 'waiting')
    const [request] = (await story.place.agent(id)).requests
    await story.press(id, '1')
    expect(await story.seen(id, 'working')).toMatchObject({ requests: [] })
    expect(await story.place.json('answer', id, '--deny', '--request', request?.id as string)).toMatchObject({
      result: expect.stringMatching(/^(already|gone)$/),
    })
    expect(await isThere('person.txt')).toBe(true)
  })

  it('is idle and interrupted after a person pressed Escape, which no hook tells', async () => {
    const id = await story.idle()
    await story.send(id, 'Work [[answer: begun]] [[hold: the turn]]')
    await story.holds('the turn')
    await story.press(id, 'Escape')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await story.place.agent(id)).toMatchObject({ evidence: [{ source: 'file' }] })
  })

  it('has failed when the model cannot be asked, and goes on with the next message', async () => {
    const id = await story.idle()
    await story.send(id, 'Fail [[error: 400]]')
    expect(await story.seen(id, 'failed')).toMatchObject({ reason: { text: expect.stringContaining('400') } })
    await story.send(id, 'Go on [[answer: on]]')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  })

  it('is the same agent after /clear', async () => {
    const id = await story.idle()
    await story.press(id, '/clear', 'Enter')
    await eventually(async () => (await story.place.agent(id)).evidence[0]?.detail.includes('SessionStart'), {
      what: 'clear',
    })
    expect(await story.place.agent(id)).toMatchObject({ state: 'idle' })
    expect(await story.send(id, 'After [[answer: it]]')).toMatchObject({ receipt: { delivery: 'confirmed' } })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  })

  it('has failed when it is killed in a turn, whatever it noted last', async () => {
    const id = await story.spawn('Work [[hold: the turn]]')
    await story.seen(id, 'working')
    const program = (await story.place.processesOf(id)).find(({ argv }) => argv[0]?.endsWith('claude'))
    process.kill(program?.pid as number, 'SIGKILL')
    expect(await story.seen(id, 'failed')).toMatchObject({ reason: { text: expect.stringContaining('SIGKILL') } })
  })

  it('waits when it asks whether the folder is trusted, and begins its task once a person said so', async () => {
    await writeFile(
      join(story.place.env.HOME as string, '.claude.json'),
      JSON.stringify({ hasCompletedOnboarding: true, theme: 'dark' }),
    )
    const id = await story.spawn('Begin [[answer: begun]]')
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect(await story.place.agent(id)).toMatchObject({
      requests: [{ kind: 'startup', text: expect.stringContaining('trust the folder'), answerable: true }],
      evidence: [{ source: 'screen' }],
    })
    const answered = async (): Promise<boolean> => {
      const shown = await story.screen(id)
      if (!shown.includes('trust this folder')) return true
      await story.press(id, shown.includes('❯ Yes') ? 'Enter' : 'Down')
      return false
    }
    await eventually(answered, { intervalMs: 200, what: 'the end of the question' })
    await story.seen(id, 'idle')
  })

  it('waits when it shows a dialog of its own, into which nothing is typed', async () => {
    const settings = join(story.place.env.HOME as string, '.claude', 'settings.json')
    await mkdir(dirname(settings))
    await writeFile(settings, JSON.stringify({ permissions: { defaultMode: 'default' } }))
    await story.place.write('.orch/config.json', '{}')
    const id = await story.spawn('Begin [[answer: begun]]')
    const { requests } = await story.seen(id, 'waiting')
    expect(requests).toMatchObject([
      { kind: 'startup', text: expect.stringContaining('dialog open'), answerable: false },
    ])
    expect(await story.send(id, 'Typed')).toMatchObject({ receipt: { delivery: 'refused' } })
    expect(await readFile(settings, 'utf8')).not.toContain('auto')
  })

  it('leaves nothing behind when it is ended', async () => {
    const id = await story.spawn('Run [[shell: touch x.txt]]')
    await story.settled(id, 'waiting')
    expect(await story.place.json('abandon', id)).toMatchObject({ code: 0 })
    expect(await story.place.processesOf(id)).toEqual([])
    expect((await readdir(join(story.place.state, 'tmux', 'events'))).filter((name) => name.endsWith('.ask'))).toEqual(
      [],
    )
  })
})
