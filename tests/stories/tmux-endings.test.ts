import { beforeEach, describe, expect, it } from '@jest/globals'
import type { CompleteDocument, SendDocument, WaitDocument } from '@orch/core'
import { eventually } from '../harness/eventually.ts'
import { isAlive, killProcesses, signalProcess } from '../harness/processes.ts'
import { perTest } from '../harness/scope.ts'
import { type Place, receivedBy, tmuxPlace } from './support/place.ts'
import { runningAgent } from './support/running.ts'

const scope = perTest()
let place: Place

beforeEach(async () => {
  place = await scope.use(tmuxPlace())
})

describe('complete on tmux', () => {
  it('fails with 40 before Complete and changes nothing; --force ends the agent and says what it overrode', async () => {
    const id = await runningAgent(place, 'Work')
    const before = await place.agent(id)
    const early = await place.json<CompleteDocument>('complete', id)
    expect(early).toMatchObject({ code: 40, results: [{ ok: false, stop: null, lifecycle: 'active' }] })
    expect(checksOf(early)).toMatchObject({ phase: 'fail', requests: 'pass', turn: 'skip' })
    expect(await place.json('complete', id, '--dry-run')).toMatchObject({ code: 40, dryRun: true })
    const after = await place.agent(id)
    expect(after).toMatchObject({ state: 'running', lifecycle: 'active', revision: before.revision })
    expect(await place.tmux.windows()).toContain(id)
    expect(await place.json('complete', id, '--force', '--dry-run')).toMatchObject({ code: 0, dryRun: true })
    expect(await place.tmux.windows()).toContain(id)
    const forced = await place.json<CompleteDocument>('complete', id, '--force')
    expect(forced).toMatchObject({ code: 0, results: [{ ok: true, lifecycle: 'completed', stop: { proven: true } }] })
    expect(checksOf(forced)).toMatchObject({ phase: 'overridden', requests: 'pass', turn: 'skip' })
    expect(await place.tmux.windows()).not.toContain(id)
    expect(await place.processesOf(id)).toEqual([])
    expect(await place.json('complete', id)).toMatchObject({ code: 0, results: [{ ok: true, stop: null }] })
    expect(await place.json('abandon', id)).toMatchObject({ code: 25, results: [{ error: { code: 'CLOSED' } }] })
  })

  it('fails with 40 while a question is open', async () => {
    const id = await runningAgent(place, '[[phase: Complete]] [[ask: Sure?]]')
    await eventually(async () => (await place.agent(id)).state === 'waiting')
    expect(await place.json('wait', id)).toMatchObject({ code: 23 })
    const refused = await place.json<CompleteDocument>('complete', id)
    expect([refused.code, checksOf(refused)]).toMatchObject([40, { phase: 'pass', requests: 'fail', turn: 'skip' }])
  })
})

describe('abandon on tmux', () => {
  it('ends the agent with all it started and leaves its work; waits for it end, later ones with 25', async () => {
    const id = await runningAgent(place, '[[child]] [[phase: Planning]]')
    await eventually(async () => (await place.agent(id)).phase?.name === 'Planning')
    const waiting = await place.start('wait', id, '--json')
    const running = await place.processesOf(id)
    expect(running.map(({ argv }) => argv.join(' '))).toContain('sleep infinity')
    expect(await place.json('abandon', id)).toMatchObject({ code: 0, results: [{ ok: true, stop: { proven: true } }] })
    expect(await Promise.all(running.map(isAlive))).not.toContain(true)
    expect(await place.processesOf(id)).toEqual([])
    const waited = await waiting.result()
    expect(waited).toMatchObject({ json: { agents: [{ met: false }] } })
    expect([20, 22, 25]).toContain(waited.code)
    expect(await place.json('wait', id)).toMatchObject({ code: 25, outcome: 'closed' })
    expect(await place.agent(id)).toMatchObject({ state: 'exited', lifecycle: 'abandoned' })
    expect(await receivedBy(place, id)).toHaveLength(1)
    expect(await place.json('abandon', id)).toMatchObject({ code: 0, results: [{ ok: true, stop: null }] })
    expect(await place.json<SendDocument>('send', id, 'Still there?')).toMatchObject({ code: 30 })
  })
})

describe('what a bare program cannot do', () => {
  it('interrupt is refused with 34, waiting for idle too, and the agent goes on', async () => {
    const id = await runningAgent(place, 'Work')
    expect(await place.orch('interrupt', id, '--json')).toMatchObject({
      code: 34,
      stdout: '',
      json: { error: { code: 'UNSUPPORTED', agent: id, backend: 'tmux', outcome: 'none' } },
    })
    const idle = await place.orch('wait', id, '--until', 'idle')
    expect(idle).toMatchObject({ code: 34, stdout: '', stderr: expect.stringContaining('does not show its turns') })
    expect(await place.agent(id)).toMatchObject({ state: 'running' })
    const timeout = await place.json<WaitDocument>('wait', id, '--timeout', '100ms')
    expect(timeout).toMatchObject({ code: 124, outcome: 'timeout' })
  })
})

describe('an agent that dies on tmux', () => {
  it('with code 3 has failed: wait ends with 20 while it runs, status says how, send is refused', async () => {
    const id = await runningAgent(place, 'Work')
    const waiting = await place.start('wait', id, '--json')
    await place.orch('send', id, '[[exit: 3]]')
    expect(await waiting.result()).toMatchObject({ code: 20, json: { outcome: 'failed' } })
    expect(await place.agent(id)).toMatchObject({ state: 'failed', exit: { code: 3, signal: null } })
    expect(await place.json<SendDocument>('send', id, 'Hello?')).toMatchObject({ code: 30 })
    expect(await place.orch('status', '--exit-code')).toMatchObject({ code: 20 })
    expect((await place.orch('tail', '-n', '1', id)).stdout).toBe('took: [[exit: 3]]\n')
    expect(await place.json('complete', id)).toMatchObject({ code: 40 })
    expect(await place.json('abandon', id)).toMatchObject({ code: 0 })
    expect(await place.tmux.windows()).not.toContain(id)
  })

  it('by SIGKILL has failed, with the signal', async () => {
    const id = await runningAgent(place, 'Work')
    const victims = (await place.processesOf(id)).filter(({ argv }) => argv[1]?.endsWith('/agent.mjs'))
    expect(victims).toHaveLength(1)
    const waiting = await place.start('wait', id, '--json')
    await killProcesses(victims)
    expect(await waiting.result()).toMatchObject({ code: 20, json: { outcome: 'failed' } })
    expect(await place.agent(id)).toMatchObject({ state: 'failed', exit: { signal: 'SIGKILL' } })
  })

  it('with its wrapper has exited, and check says why it is not known how', async () => {
    const id = await runningAgent(place, 'Work')
    const wrapper = await place.tmux.tmux('display-message', '-p', '-t', `orch:=${id}`, '#{pane_pid}')
    const waiting = await place.start('wait', id, '--json')
    process.kill(Number(wrapper), 'SIGKILL')
    expect(await waiting.result()).toMatchObject({ code: 22, json: { outcome: 'exited' } })
    expect(await place.json('check', id)).toMatchObject({
      agent: {
        state: 'exited',
        exit: null,
        reason: { text: 'Its process ended, it is not known how, without having reported Complete' },
        evidence: [
          {
            source: 'process',
            detail: expect.stringMatching(`its wrapper, process ${wrapper}, was killed by SIGKILL`),
          },
        ],
      },
    })
    expect(await place.json('abandon', id)).toMatchObject({ code: 0, results: [{ stop: { proven: true } }] })
  })

  it('with code 0 and without Complete has exited: wait ends with 22', async () => {
    const id = await runningAgent(place, '[[exit: 0]]')
    expect(await place.json('wait', id)).toMatchObject({ code: 22, outcome: 'exited' })
    expect(await place.agent(id)).toMatchObject({ state: 'exited', exit: { code: 0 }, lifecycle: 'active' })
    expect(await place.json('complete', id)).toMatchObject({ code: 40 })
  })

  it('with code 0 after Complete is done and can be completed', async () => {
    const id = await runningAgent(place, '[[phase: Complete - early]] [[exit: 0]]')
    expect(await place.json('wait', id)).toMatchObject({ code: 0 })
    await eventually(async () => (await place.agent(id)).exit !== null)
    expect(await place.agent(id)).toMatchObject({ state: 'done' })
    expect(await place.json('complete', id)).toMatchObject({ code: 0, results: [{ ok: true }] })
  })
})

describe('a killed tmux server', () => {
  it('makes its agents lost, one that said Complete too; what ended before keeps its end; a new server starts', async () => {
    const open = await runningAgent(place, 'Work')
    const claimed = await runningAgent(place, '[[phase: Complete - said so]]')
    const ended = await runningAgent(place, '[[exit: 0]]')
    await eventually(async () => (await place.agent(claimed)).state === 'done')
    await eventually(async () => (await place.agent(ended)).state === 'exited')
    const waiting = await place.start('wait', open, '--json')
    const following = await place.start('tail', '-f', '--json', open)
    await eventually(() => following.lines().some(({ type }) => type === 'state'))
    const server = await place.tmux.process()
    expect(server?.argv[0]).toMatch(/tmux/)
    signalProcess(server?.pid as number, 'SIGKILL')
    expect(await waiting.result()).toMatchObject({ code: 21, json: { outcome: 'lost' } })
    expect(await following.result()).toMatchObject({ code: 0 })
    expect(following.lines().at(-1)).toMatchObject({ type: 'end' })
    expect(await place.agent(open)).toMatchObject({ state: 'lost', lifecycle: 'active' })
    expect(await place.agent(claimed)).toMatchObject({ state: 'lost' })
    expect(await place.agent(ended)).toMatchObject({ state: 'exited', exit: { code: 0 } })
    expect(await place.json('wait', claimed)).toMatchObject({ code: 21 })
    expect(await place.orch('status', '--exit-code')).toMatchObject({ code: 21 })
    expect(await place.json('complete', open)).toMatchObject({ code: 40 })
    expect(await place.json<SendDocument>('send', open, 'Hello?')).toMatchObject({ code: 30 })

    const next = await runningAgent(place, 'Again')
    expect(await place.agent(next)).toMatchObject({ state: 'running' })
    expect(await place.agent(open)).toMatchObject({ state: 'lost' })
    expect(await place.json('abandon', open)).toMatchObject({ code: 0, results: [{ stop: { proven: true } }] })
    expect(await place.agent(next)).toMatchObject({ state: 'running' })
  })
})

describe('messages on tmux', () => {
  it('arrive each, unaltered and in order, when two are the same and when they look like keys or commands', async () => {
    const id = await runningAgent(place, 'Listen')
    const messages = [
      'Same',
      'Same',
      'C-c',
      'Enter',
      'trailing ;',
      '#(touch pwned) #{pid}',
      '-flag',
      ' two\n\nlines\t; ',
      '日本語 ❤️',
    ]
    for (const message of messages) {
      expect(await place.json<SendDocument>('send', id, '--', message)).toMatchObject({
        code: 0,
        receipt: { delivery: 'accepted' },
      })
    }
    await eventually(async () => (await receivedBy(place, id)).length > messages.length)
    expect((await receivedBy(place, id)).slice(1)).toEqual(messages)
    const long = 'x'.repeat(100_000)
    expect(await place.orchWith({ input: long }, 'send', id, '-')).toMatchObject({ code: 0 })
    await eventually(async () => (await receivedBy(place, id)).at(-1) === long)
  })

  it('arrive whole when many are sent at once', async () => {
    const id = await runningAgent(place, 'Listen')
    const messages = Array.from({ length: 8 }, (_, index) => `Message ${index}\n${'x'.repeat(500)}`)
    const runs = await Promise.all(messages.map((message) => place.orch('send', id, message)))
    expect(runs.map(({ code }) => code)).toEqual(messages.map(() => 0))
    await eventually(async () => (await receivedBy(place, id)).length > messages.length)
    expect((await receivedBy(place, id)).slice(1).sort()).toEqual(messages)
  })
})

function checksOf({ results }: CompleteDocument): Record<string, string> {
  return Object.fromEntries(results[0]?.checks.map(({ name, result }) => [name, result]) ?? [])
}
