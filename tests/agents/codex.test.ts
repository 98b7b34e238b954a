import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../harness/eventually.ts'
import { HOOKED_CAPABILITIES } from '../harness/hooked-capabilities.ts'
import { perTest } from '../harness/scope.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'
import { type AgentStory, agentStory } from './support/agent-story.ts'

const scope = perTest()
let story: AgentStory

beforeEach(async () => {
  story = await agentStory(scope, 'codex')
})

/** A command that codex runs outside its sandbox, for which it asks. */
const escalated = (command: string): string =>
  `[[tool: exec_command | ${JSON.stringify({ cmd: command, sandbox_permissions: 'require_escalated', justification: 'Needed' })}]]`

describe('an agent that runs the real codex', () => {
  it('shows its turn from the task to the end', async () => {
    const id = await story.spawn('Work [[hold: the turn]] [[answer: over]]')
    expect(await story.seen(id, 'working')).toMatchObject({
      capabilities: [...HOOKED_CAPABILITIES, 'usage', 'resume'],
      evidence: [{ source: 'hook', detail: expect.stringContaining('UserPromptSubmit') }],
    })
    story.model.release('the turn')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  })

  it('runs the hooks of orch without asking, and trusts no others', async () => {
    await story.place.write(
      '.codex/hooks.json',
      JSON.stringify({ hooks: { Stop: [{ hooks: [{ type: 'command', command: 'touch foreign.txt' }] }] } }),
    )
    const config = join(story.place.env.HOME as string, '.codex', 'config.toml')
    const id = await story.spawn('Begin [[answer: begun]]')
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect(await story.place.agent(id)).toMatchObject({
      requests: [{ kind: 'startup', text: expect.stringContaining('review hooks') }],
      evidence: [{ source: 'screen' }],
    })
    expect(await story.send(id, 'Typed')).toMatchObject({ receipt: { delivery: 'refused' } })
    await story.press(id, '3', 'Enter')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    expect(await readFile(config, 'utf8')).not.toContain('trusted_hash')
    await expect(access(join(story.place.project, 'foreign.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('has a message for certain when its hook says so, and brings the answer', async () => {
    const id = await story.idle()
    const text = 'Über [[answer: said]]; #{pid} $(id) C-c ~\n  second line'
    expect(await story.send(id, text, '--wait')).toMatchObject({
      receipt: { delivery: 'confirmed', evidence: [{ source: 'hook' }] },
      outcome: 'met',
      answer: { text: 'said' },
    })
    expect(receivedTexts(story.model.requests, 'Über').at(-1)).toBe(text)
  })

  it('takes what is sent while it works into its turn', async () => {
    const id = await story.idle()
    await story.send(id, 'First [[answer: one]] [[hold: first]]')
    await story.holds('first')
    expect(await story.send(id, 'Second [[answer: two]]')).toMatchObject({ receipt: { delivery: 'queued' } })
    story.model.release('first')
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
  })

  it('waits on a permission, which is allowed from outside', async () => {
    const id = await story.spawn(`Run ${escalated('touch allowed.txt')} [[answer: done]]`)
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    expect((await story.place.agent(id)).requests).toMatchObject([
      {
        kind: 'permission',
        text: 'Bash: touch allowed.txt',
        choices: [{ id: 'allow' }, { id: 'deny' }],
        answerable: true,
      },
    ])
    expect(await story.place.json('answer', id, '--allow')).toMatchObject({ code: 0, result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    await access(join(story.place.project, 'allowed.txt'))
  })

  it('waits on a permission, which is denied from outside with a reason', async () => {
    const id = await story.spawn(`Run ${escalated('touch denied.txt')} [[answer: done]]`)
    await story.settled(id, 'waiting')
    expect(await story.place.json('answer', id, 'Not now')).toMatchObject({ result: 'answered' })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    await expect(access(join(story.place.project, 'denied.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect(story.model.requests.at(-1)?.toolResults.at(-1)).toContain('Not now')
  })

  it.each(['Escape', 'C-c'])(
    'waits on no permission any more once a person breaks off the turn with %s',
    async (key) => {
      const id = await story.spawn(`Run ${escalated('touch broken-off.txt')} [[answer: done]]`)
      await story.settled(id, 'waiting')
      expect(await story.screen(id)).not.toContain('Would you like')
      await story.press(id, 'typed')
      await eventually(async () => (await story.screen(id)).includes('› typed'), { what: 'the composer' })
      expect(await story.place.agent(id)).toMatchObject({ state: 'waiting', requests: [{ kind: 'permission' }] })
      await story.press(id, 'C-u')
      await eventually(async () => !(await story.screen(id)).includes('› typed'), { what: 'an empty composer' })
      await story.press(id, key)
      expect(await story.seen(id, 'idle')).toMatchObject({ requests: [] })
      await expect(access(join(story.place.project, 'broken-off.txt'))).rejects.toMatchObject({ code: 'ENOENT' })
    },
  )

  it('has failed when the model cannot be asked, which no hook tells, and goes on with the next message', async () => {
    const id = await story.idle()
    await story.send(id, 'Fail [[error: 400]]')
    expect(await story.seen(id, 'failed')).toMatchObject({ reason: { text: expect.stringContaining('400') } })
    expect(await story.send(id, 'Go on [[answer: on]]', '--wait')).toMatchObject({ answer: { text: 'on' } })
  })

  it('leaves nothing behind when it is ended', async () => {
    const id = await story.spawn(`Run ${escalated('touch x.txt')}`)
    await story.settled(id, 'waiting')
    expect(await story.place.json('abandon', id)).toMatchObject({ code: 0 })
    expect(await story.place.processesOf(id)).toEqual([])
    expect((await readdir(join(story.place.state, 'tmux', 'events'))).filter((name) => name.endsWith('.ask'))).toEqual(
      [],
    )
  })
})
