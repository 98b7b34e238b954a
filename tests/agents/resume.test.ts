import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Item, ResumeDocument, TailLine } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { perTest } from '../harness/scope.ts'
import { receivedTexts } from '../scripted-model/received-texts.ts'
import { type AgentStory, agentStory } from './support/agent-story.ts'

const scope = perTest()
let story: AgentStory

/** Ends an agent's program as `kill -9` does. */
async function killProgram(id: string): Promise<void> {
  const isProgram = (one: { pid: number; environment: Record<string, string> }): boolean =>
    one.environment.ORCH_TMUX_PROGRAM === String(one.pid)
  const program = (await story.place.processesOf(id)).find(isProgram)
  process.kill(program?.pid as number, 'SIGKILL')
  await story.seen(id, 'failed')
}

/** Ends the tmux server and all that it ran. */
async function killServer(id: string): Promise<void> {
  await story.place.tmux.tmux('kill-server')
  await story.seen(id, 'lost')
}

const resume = (id: string, text: string): Promise<ResumeDocument> => story.place.json('resume', id, '-m', text)

async function told(id: string): Promise<Item[]> {
  const { stdout } = await story.place.orch('tail', '--json', '-n', '100', id)
  const lines = stdout.trim().split('\n')
  return lines.flatMap((line) => {
    const read = JSON.parse(line) as TailLine
    return read.type === 'item' ? read.item : []
  })
}

/**
 * Waits until the program has written down what was said: claude does so after the end of the turn, and what it has not is
 * lost with it. What it answers stands in the text that asks for it too.
 */
function writtenDown(id: string, role: 'user' | 'assistant', part: string): Promise<unknown> {
  return eventually(
    async () =>
      (await told(id)).some((item) => item.kind === 'message' && item.role === role && item.text?.includes(part)),
    { what: `"${part}" in the transcript` },
  )
}

describe.each([{ program: 'claude' }, { program: 'codex' }] as const)('the real $program', ({ program }) => {
  beforeEach(async () => {
    story = await agentStory(scope, program)
  })

  it.each([
    ['its program was killed in a turn', killProgram],
    ['its server was killed in a turn', killServer],
  ])('goes on with its conversation after %s, again and again', async (_, end) => {
    const id = await story.idle()
    await story.send(id, 'Work [[answer: half]] [[hold: the turn]]')
    await story.holds('the turn')
    await writtenDown(id, 'user', 'Work')
    await end(id)
    expect(await resume(id, 'Go on [[answer: back again]]')).toMatchObject({
      results: [{ id, ok: true, restarted: true, receipt: { delivery: 'confirmed' }, error: null }],
    })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    await writtenDown(id, 'assistant', 'back again')
    await end(id)
    expect(await resume(id, 'Once more [[answer: and again]]')).toMatchObject({ results: [{ ok: true }] })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    await writtenDown(id, 'assistant', 'and again')
    const received = receivedTexts(story.model.requests, 'Once more').join('\n')
    for (const part of ['You are the agent', 'Work [[answer', 'Go on [[answer', 'Once more [[answer'])
      expect([part, received.split(part).length - 1]).toEqual([part, 1])
    const items = await told(id)
    expect(new Set(items.map((item) => item.id)).size).toBe(items.length)
    const said = items.filter(({ kind, role }) => kind === 'message' && role === 'assistant').map(({ text }) => text)
    expect(said.filter((text) => text !== 'half')).toEqual(['begun', 'back again', 'and again'])
    expect(await story.place.agent(id)).toMatchObject({ state: 'idle', exit: null })
  })

  it('is resumed by one of two commands at once', async () => {
    const id = await story.idle()
    await killProgram(id)
    const [one, other] = await Promise.all([resume(id, 'One [[answer: a]]'), resume(id, 'Other [[answer: b]]')])
    expect([one, other].filter(({ results }) => results[0]?.restarted)).toHaveLength(1)
    const sent = [one, other].filter(({ results }) => results[0]?.ok)
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    const isSaid = async (): Promise<boolean> =>
      (await told(id)).filter(({ text }) => text === 'a' || text === 'b').length === sent.length
    await eventually(isSaid, { what: 'an answer to each message in the transcript' })
  })

  it('that never began has no conversation to go on with', async () => {
    const untrusted = JSON.stringify({ hasCompletedOnboarding: true, theme: 'dark' })
    await writeFile(join(story.place.env.HOME as string, '.claude.json'), untrusted)
    const hooks = { Stop: [{ hooks: [{ type: 'command', command: 'touch foreign.txt' }] }] }
    await story.place.write('.codex/hooks.json', JSON.stringify({ hooks }))
    const id = await story.spawn('Begin [[answer: begun]]')
    expect(await story.settled(id, 'waiting')).toMatchObject({ outcome: 'met' })
    await killProgram(id)
    expect(await resume(id, 'Go on')).toMatchObject({
      results: [
        { ok: false, restarted: false, error: { code: 'CREATE_FAILED', hint: expect.stringContaining('abandon') } },
      ],
    })
    expect(await story.place.agent(id)).toMatchObject({ state: 'failed' })
  })
})

describe('the real claude', () => {
  beforeEach(async () => {
    story = await agentStory(scope, 'claude')
  })

  it.each([
    ['with what was said since', true],
    ['though nothing was said since', false],
  ])('goes on after /clear with the new conversation, %s', async (_, isSaid) => {
    const id = await story.idle()
    await story.press(id, '/clear', 'Enter')
    await eventually(async () => (await story.place.agent(id)).evidence[0]?.detail.includes('SessionStart'), {
      what: 'clear',
    })
    if (isSaid) {
      await story.send(id, 'After [[answer: new]]')
      expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    }
    if (isSaid) await writtenDown(id, 'assistant', 'new')
    else await writtenDown(id, 'user', '/clear')
    await killProgram(id)
    expect(await resume(id, 'More [[answer: more]]')).toMatchObject({ results: [{ ok: true, restarted: true }] })
    expect(await story.settled(id, 'idle')).toMatchObject({ outcome: 'met' })
    const received = receivedTexts(story.model.requests, 'More').join('\n')
    expect(received).not.toContain('Begin')
    expect(received.includes('After')).toBe(isSaid)
  })
})
