import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Agent, Item, SendDocument, TailLine } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'
import type { Place } from '../stories/support/place.ts'
import { type AgentPlace, agentPlace } from './support/agent-place.ts'

const scope = perTest()
let agents: AgentPlace
let place: Place

beforeEach(async () => {
  agents = await scope.use(agentPlace())
  place = agents.place
})

const spawn = (task: string): Promise<string> => place.spawn(task, '--program', 'claude', '--name', 'agent')

const settled = (id: string, ...states: readonly string[]): Promise<object> =>
  place.json('wait', id, '--until', states.join(','), '--timeout', '20s')

/** A spawned agent whose first turn has ended. */
async function idle(task = 'Begin [[answer: begun]]'): Promise<string> {
  const id = await spawn(task)
  expect(await settled(id, 'idle')).toMatchObject({ code: 0, outcome: 'met' })
  return id
}

const send = (id: string, text: string): Promise<object> => place.json('send', id, text)

const seen = async (id: string, wanted: object): Promise<Agent> => {
  const agent = await eventually(
    async () => {
      const now = await place.agent(id)
      return now.state === (wanted as Partial<Agent>).state && now
    },
    { what: JSON.stringify(wanted) },
  )
  expect(agent).toMatchObject(wanted)
  return agent
}

/** Presses a key in the agent's window, as a person does. */
async function press(id: string, ...keys: readonly string[]): Promise<void> {
  await place.tmux.tmux('send-keys', '-t', `orch:=${id}`, ...keys)
}

/** What a person sees in the agent's window. */
const screen = (id: string): Promise<string> => place.tmux.tmux('capture-pane', '-p', '-t', `orch:=${id}`)

/** How many messages programs told of so far, by what is noted beside their events. */
async function messagesTold(): Promise<number> {
  const folder = join(place.state, 'tmux', 'events')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.messages'))
  const notes = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return notes.join('').split('\n').filter(Boolean).length
}

const isThere = (file: string): Promise<boolean> =>
  access(join(place.project, file)).then(
    () => true,
    () => false,
  )

describe('an agent that runs the real claude', () => {
  it('shows its turn from the task to the end', async () => {
    const id = await spawn('Work [[hold: the turn]] [[answer: over]]')
    expect(await seen(id, { state: 'working' })).toMatchObject({
      capabilities: ['programs', 'attach', 'turns', 'answers', 'requests', 'interrupt', 'transcript'],
      evidence: [{ source: 'hook', detail: expect.stringContaining('UserPromptSubmit') }],
    })
    agents.model.release('the turn')
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(receivedTexts(agents.model.requests, 'the turn')[0]).toContain(`You are the agent "${id}"`)
  })

  it('has a message for certain when its hook says so, and an idle one is its own', async () => {
    const id = await idle()
    const text = 'Über [[answer: said]]; #{pid} $(id) C-c ~\n  second line\n\tthird'
    expect(await send(id, text)).toMatchObject({ receipt: { delivery: 'confirmed', evidence: [{ source: 'hook' }] } })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    const received = receivedTexts(agents.model.requests, 'Über').at(-1)
    expect(received?.replace(/\s+/g, ' ')).toContain(text.replace(/\s+/g, ' '))
  })

  it('queues what is sent while it works, and is idle only behind it', async () => {
    const id = await idle()
    await send(id, 'First [[answer: one]] [[hold: first]]')
    expect(await send(id, 'Second [[answer: two]] [[hold: second]]')).toMatchObject({ receipt: { delivery: 'queued' } })
    agents.model.release('first')
    await eventually(() => agents.model.waiting().includes('second'), { what: 'the second turn' })
    expect(await place.agent(id)).toMatchObject({ state: 'working' })
    agents.model.release('second')
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  })

  it('brings the answer to a message, also to those that wait behind a turn', async () => {
    const id = await idle()
    expect(await place.json('send', id, 'One [[answer: the first]]', '--wait')).toMatchObject({
      outcome: 'met',
      answer: { text: 'the first' },
    })
    await send(id, 'Hold [[answer: held]] [[hold: it]]')
    const waiting = ['[[answer: the second]]', '[[answer: the third]]'].map((text) =>
      place.start('send', '--json', '--wait', id, text),
    )
    const sending = await Promise.all(waiting)
    await eventually(async () => (await messagesTold()) === 4, { what: 'both messages' })
    agents.model.release('it')
    const ends = await Promise.all(sending.map((one) => one.result()))
    for (const { json } of ends)
      expect(json).toMatchObject({ outcome: 'met', answer: { text: expect.stringMatching(/the (second|third)/) } })
  })

  it('waits on a permission, which is allowed from outside', async () => {
    const id = await spawn('Run [[shell: touch allowed.txt]] [[answer: done]]')
    expect(await settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    const { requests } = await place.agent(id)
    expect(requests).toMatchObject([
      {
        kind: 'permission',
        text: 'Bash: touch allowed.txt',
        detail: { command: 'touch allowed.txt' },
        answerable: true,
      },
    ])
    expect(await place.json('answer', id, '--allow')).toMatchObject({ code: 0, result: 'answered' })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await isThere('allowed.txt')).toBe(true)
  })

  it('waits on a permission, which is denied from outside with a reason', async () => {
    const id = await spawn('Run [[shell: touch denied.txt]] [[answer: done]]')
    await settled(id, 'waiting')
    expect(await place.json('answer', id, 'Not now')).toMatchObject({ result: 'answered' })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await isThere('denied.txt')).toBe(false)
    expect(agents.model.requests.at(-1)?.toolResults.at(-1)).toContain('Not now')
  })

  it('waits on a question, which is answered from outside', async () => {
    const id = await spawn('Ask [[question: Which colour? | Red | Blue]] [[answer: fine]]')
    await settled(id, 'waiting')
    const { requests } = await place.agent(id)
    expect(requests).toMatchObject([
      { kind: 'question', text: 'Which colour?', choices: [{ id: 'Red' }, { id: 'Blue' }] },
    ])
    expect(await place.json('answer', id, 'Blue')).toMatchObject({ result: 'answered' })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(agents.model.requests.at(-1)?.toolResults.at(-1)).toContain('Blue')
  })

  it('waits no longer when a person has answered, and takes no later answer for that request', async () => {
    const id = await spawn('Run [[shell: touch person.txt]] [[answer: on]] [[hold: on]]')
    await settled(id, 'waiting')
    const [request] = (await place.agent(id)).requests
    await press(id, '1')
    await seen(id, { state: 'working', requests: [] })
    expect(await place.json('answer', id, '--deny', '--request', request?.id as string)).toMatchObject({
      code: expect.any(Number),
    })
    expect(await isThere('person.txt')).toBe(true)
  })

  it('is idle and interrupted after a person pressed Escape, which no hook tells', async () => {
    const id = await idle()
    await send(id, 'Work [[answer: begun]] [[hold: the turn]]')
    await eventually(() => agents.model.waiting().includes('the turn'), { what: 'the turn' })
    await press(id, 'Escape')
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await place.agent(id)).toMatchObject({ evidence: [{ source: 'file' }] })
  })

  it.each([
    ['before it said anything', 'Work [[hold: the turn]]'],
    ['in the middle of its words', 'Work [[answer: begun]] [[hold: the turn]]'],
  ])('is interrupted %s, and takes the next message as it is', async (_, text) => {
    const id = await idle()
    await send(id, text)
    await eventually(() => agents.model.waiting().includes('the turn'), { what: 'the turn' })
    expect(await place.json('interrupt', id)).toMatchObject({ code: 0, interrupted: true })
    expect(await place.agent(id)).toMatchObject({ state: 'idle' })
    expect(await send(id, 'Next [[answer: next]]')).toMatchObject({ receipt: { delivery: 'confirmed' } })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(receivedTexts(agents.model.requests, 'Next').at(-1)).toBe('Next [[answer: next]]')
  })

  it('has failed when the model cannot be asked, and goes on with the next message', async () => {
    const id = await idle()
    await send(id, 'Fail [[error: 400]]')
    expect(await seen(id, { state: 'failed' })).toMatchObject({ reason: { text: expect.stringContaining('400') } })
    await send(id, 'Go on [[answer: on]]')
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  })

  it('is the same agent after /clear', async () => {
    const id = await idle()
    await press(id, '/clear', 'Enter')
    await eventually(async () => (await place.agent(id)).evidence[0]?.detail.includes('SessionStart'), {
      what: 'clear',
    })
    expect(await place.agent(id)).toMatchObject({ state: 'idle' })
    expect(await send(id, 'After [[answer: it]]')).toMatchObject({ receipt: { delivery: 'confirmed' } })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  })

  it('has failed when it is killed in a turn, whatever it noted last', async () => {
    const id = await spawn('Work [[hold: the turn]]')
    await seen(id, { state: 'working' })
    const program = (await place.processesOf(id)).find(({ argv }) => argv[0]?.endsWith('claude'))
    process.kill(program?.pid as number, 'SIGKILL')
    expect(await seen(id, { state: 'failed' })).toMatchObject({ reason: { text: expect.stringContaining('SIGKILL') } })
  })

  it('waits when it asks whether the folder is trusted, and begins its task once a person said so', async () => {
    await writeFile(
      join(place.env.HOME as string, '.claude.json'),
      JSON.stringify({ hasCompletedOnboarding: true, theme: 'dark' }),
    )
    const id = await spawn('Begin [[answer: begun]]')
    expect(await settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect(await place.agent(id)).toMatchObject({
      requests: [{ kind: 'startup', text: expect.stringContaining('trust the folder'), answerable: false }],
      evidence: [{ source: 'screen' }],
    })
    const answered = async (): Promise<boolean> => {
      const shown = await screen(id)
      if (!shown.includes('trust this folder')) return true
      await press(id, shown.includes('❯ Yes') ? 'Enter' : 'Down')
      return false
    }
    await eventually(answered, { intervalMs: 200, what: 'the end of the question' })
    await seen(id, { state: 'idle' })
  })

  it('waits when it shows a dialog of its own, into which nothing is typed', async () => {
    const settings = join(place.env.HOME as string, '.claude', 'settings.json')
    await mkdir(dirname(settings))
    await writeFile(settings, JSON.stringify({ permissions: { defaultMode: 'default' } }))
    await place.write('.orch/config.json', '{}')
    const id = await spawn('Begin [[answer: begun]]')
    const { requests } = await seen(id, { state: 'waiting' })
    expect(requests).toMatchObject([
      { kind: 'startup', text: expect.stringContaining('dialog open'), answerable: false },
    ])
    expect(await send(id, 'Typed')).toMatchObject({ receipt: { delivery: 'refused' } })
    expect(await readFile(settings, 'utf8')).not.toContain('auto')
  })

  it.each(['!touch shell.txt', '/help', '\n/help'])('is not given %j, which would be a command', async (text) => {
    const id = await idle()
    expect(await send(id, text)).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'COMMAND_TEXT' } } })
    expect(await send(id, `This is no command: ${text} [[answer: read]]`)).toMatchObject({
      receipt: { delivery: 'confirmed' },
    })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    await expect(access(join(place.project, 'shell.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('keeps what a person has begun to type, and takes a message once that is gone', async () => {
    const id = await idle()
    const line = (): Promise<string> => place.tmux.tmux('capture-pane', '-p', '-t', `orch:=${id}`)
    await press(id, 'half a draft')
    await eventually(async () => (await line()).includes('half a draft'), { what: 'the draft' })
    expect(await send(id, 'Sent')).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'DRAFT' } } })
    expect(await line()).toContain('half a draft')
    await press(id, 'C-u')
    await eventually(async () => !(await line()).includes('half a draft'), { what: 'an empty line' })
    expect(await send(id, 'Sent [[answer: got it]]')).toMatchObject({ receipt: { delivery: 'confirmed' } })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(receivedTexts(agents.model.requests, 'Sent').at(-1)).toBe('Sent [[answer: got it]]')
  })

  it('gets every message of 20 senders at once, each once and whole', async () => {
    const id = await idle()
    const texts = Array.from({ length: 20 }, (_, index) => `Sender ${index} says ${'so '.repeat(20)}end ${index}.`)
    const receipts = await Promise.all(texts.map((text) => place.json<SendDocument>('send', id, text)))
    expect(
      receipts.map(({ receipt }) => receipt.delivery).filter((one) => one !== 'confirmed' && one !== 'queued'),
    ).toEqual([])
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    const received = receivedTexts(agents.model.requests, 'Sender ').join('\n')
    for (const text of texts) expect(received.split(text)).toHaveLength(2)
  })

  it('shows what was said and done, as it comes and afterwards', async () => {
    const id = await idle()
    const following = await place.start('tail', '-f', '--json', '-n', '1', id)
    await eventually(() => following.lines<TailLine>().some(({ type }) => type === 'state'), {
      what: 'the first state',
    })
    await send(id, 'Look [[shell: echo seen]] [[answer: All is well]]')
    const told = (): Item[] => following.lines<TailLine>().flatMap((line) => (line.type === 'item' ? line.item : []))
    await eventually(() => told().some(({ text }) => text === 'All is well'), { what: 'the answer', timeoutMs: 20_000 })
    const wanted = [
      expect.objectContaining({ kind: 'message', role: 'user', text: expect.stringContaining('Look') }),
      expect.objectContaining({
        kind: 'tool',
        tool: expect.objectContaining({ name: 'Bash', input: 'echo seen', output: expect.stringContaining('seen') }),
      }),
      expect.objectContaining({ kind: 'message', role: 'assistant', text: 'All is well' }),
    ]
    expect(told()).toEqual(expect.arrayContaining(wanted))
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    const { stdout } = await place.orch('tail', '--json', '-n', '3', id)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TailLine)
    expect(lines.flatMap((line) => (line.type === 'item' ? line.item : []))).toEqual(wanted)
  })

  it('leaves nothing behind when it is ended', async () => {
    const id = await spawn('Run [[shell: touch x.txt]]')
    await settled(id, 'waiting')
    expect(await place.json('abandon', id)).toMatchObject({ code: 0 })
    expect(await place.processesOf(id)).toEqual([])
    expect((await readdir(join(place.state, 'tmux', 'events'))).filter((name) => name.endsWith('.ask'))).toEqual([])
  })
})
