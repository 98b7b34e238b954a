import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
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

const spawn = (task: string): Promise<string> => place.spawn(task, '--program', 'codex', '--name', 'agent')

const settled = (id: string, ...states: readonly string[]): Promise<object> =>
  place.json('wait', id, '--until', states.join(','), '--timeout', '20s')

async function idle(): Promise<string> {
  const id = await spawn('Begin [[answer: begun]]')
  expect(await settled(id, 'idle')).toMatchObject({ code: 0, outcome: 'met' })
  return id
}

const send = (id: string, text: string, ...args: readonly string[]): Promise<object> =>
  place.json('send', id, text, ...args)

const seen = async (id: string, state: Agent['state']): Promise<Agent> =>
  eventually(
    async () => {
      const now = await place.agent(id)
      return now.state === state && now
    },
    { what: `the state "${state}"` },
  )

const holds = (name: string): Promise<unknown> =>
  eventually(() => agents.model.waiting().includes(name), { what: `the turn that holds "${name}"` })

/** A command that codex runs outside its sandbox, for which it asks. */
const escalated = (command: string): string =>
  `[[tool: exec_command | ${JSON.stringify({ cmd: command, sandbox_permissions: 'require_escalated', justification: 'Needed' })}]]`

describe('an agent that runs the real codex', () => {
  it('shows its turn from the task to the end', async () => {
    const id = await spawn('Work [[hold: the turn]] [[answer: over]]')
    expect(await seen(id, 'working')).toMatchObject({
      capabilities: ['programs', 'attach', 'turns', 'answers', 'requests', 'interrupt', 'transcript'],
      evidence: [{ source: 'hook', detail: expect.stringContaining('UserPromptSubmit') }],
    })
    agents.model.release('the turn')
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  })

  it('runs the hooks of orch without asking, and trusts no others', async () => {
    await place.write(
      '.codex/hooks.json',
      JSON.stringify({ hooks: { Stop: [{ hooks: [{ type: 'command', command: 'touch foreign.txt' }] }] } }),
    )
    const config = join(place.env.HOME as string, '.codex', 'config.toml')
    const id = await spawn('Begin [[answer: begun]]')
    expect(await settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect(await place.agent(id)).toMatchObject({
      requests: [{ kind: 'startup', text: expect.stringContaining('review hooks') }],
      evidence: [{ source: 'screen' }],
    })
    expect(await send(id, 'Typed')).toMatchObject({ receipt: { delivery: 'refused' } })
    await place.tmux.tmux('send-keys', '-t', `orch:=${id}`, '3', 'Enter')
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await readFile(config, 'utf8')).not.toContain('trusted_hash')
    await expect(access(join(place.project, 'foreign.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('has a message for certain when its hook says so, and brings the answer', async () => {
    const id = await idle()
    const text = 'Über [[answer: said]]; #{pid} $(id) C-c ~\n  second line'
    expect(await send(id, text, '--wait')).toMatchObject({
      receipt: { delivery: 'confirmed', evidence: [{ source: 'hook' }] },
      outcome: 'met',
      answer: { text: 'said' },
    })
    expect(receivedTexts(agents.model.requests, 'Über').at(-1)).toBe(text)
  })

  it('takes what is sent while it works into its turn', async () => {
    const id = await idle()
    await send(id, 'First [[answer: one]] [[hold: first]]')
    await holds('first')
    expect(await send(id, 'Second [[answer: two]]')).toMatchObject({ receipt: { delivery: 'queued' } })
    agents.model.release('first')
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  })

  it('waits on a permission, which is allowed from outside', async () => {
    const id = await spawn(`Run ${escalated('touch allowed.txt')} [[answer: done]]`)
    expect(await settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect((await place.agent(id)).requests).toMatchObject([
      {
        kind: 'permission',
        text: 'Bash: touch allowed.txt',
        choices: [{ id: 'allow' }, { id: 'deny' }],
        answerable: true,
      },
    ])
    expect(await place.json('answer', id, '--allow')).toMatchObject({ code: 0, result: 'answered' })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    await access(join(place.project, 'allowed.txt'))
  })

  it('waits on a permission, which is denied from outside with a reason', async () => {
    const id = await spawn(`Run ${escalated('touch denied.txt')} [[answer: done]]`)
    await settled(id, 'waiting')
    expect(await place.json('answer', id, 'Not now')).toMatchObject({ result: 'answered' })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    await expect(access(join(place.project, 'denied.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect(agents.model.requests.at(-1)?.toolResults.at(-1)).toContain('Not now')
  })

  it.each([
    ['before it said anything', 'Work [[hold: the turn]]'],
    ['in the middle of its words', 'Work [[answer: begun]] [[hold: the turn]]'],
  ])('is interrupted %s, and takes the next message as it is', async (_, text) => {
    const id = await idle()
    await send(id, text)
    await holds('the turn')
    expect(await place.json('interrupt', id)).toMatchObject({ code: 0, interrupted: true })
    expect(await place.agent(id)).toMatchObject({ state: 'idle' })
    expect(await send(id, 'Next [[answer: next]]')).toMatchObject({ receipt: { delivery: 'confirmed' } })
    expect(await settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(receivedTexts(agents.model.requests, 'Next').at(-1)).toBe('Next [[answer: next]]')
  })

  it('has failed when the model cannot be asked, which no hook tells, and goes on with the next message', async () => {
    const id = await idle()
    await send(id, 'Fail [[error: 400]]')
    expect(await seen(id, 'failed')).toMatchObject({ reason: { text: expect.stringContaining('400') } })
    expect(await send(id, 'Go on [[answer: on]]', '--wait')).toMatchObject({ answer: { text: 'on' } })
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
    await place.tmux.tmux('send-keys', '-t', `orch:=${id}`, 'half a draft')
    await eventually(async () => (await line()).includes('half a draft'), { what: 'the draft' })
    expect(await send(id, 'Sent')).toMatchObject({ receipt: { delivery: 'refused', reason: { code: 'DRAFT' } } })
    expect(await line()).toContain('half a draft')
    await place.tmux.tmux('send-keys', '-t', `orch:=${id}`, 'C-u')
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
        tool: expect.objectContaining({
          name: 'exec_command',
          input: 'echo seen',
          output: expect.stringContaining('seen'),
        }),
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
    const id = await spawn(`Run ${escalated('touch x.txt')}`)
    await settled(id, 'waiting')
    expect(await place.json('abandon', id)).toMatchObject({ code: 0 })
    expect(await place.processesOf(id)).toEqual([])
    expect((await readdir(join(place.state, 'tmux', 'events'))).filter((name) => name.endsWith('.ask'))).toEqual([])
  })
})
