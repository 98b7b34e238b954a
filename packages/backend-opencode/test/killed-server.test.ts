import { beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { killProcesses, type ProcessInfo, processesMatching } from '../../../tests/harness/processes.ts'
import { perFile } from '../../../tests/harness/scope.ts'
import { startAgent, type TestAgent } from './support/agents.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const { signal } = new AbortController()
let site: Site
beforeAll(async () => {
  site = await openSite(scope)
})

const everything = { last: 100, before: null, raw: false }

/** An agent whose turn runs a command that does not end, and the processes of that command. */
async function atWork(seconds: number): Promise<{ agent: TestAgent; shells: () => Promise<ProcessInfo[]> }> {
  const command = `sleep ${seconds}`
  const agent = await startAgent(site.open(), site.request(), `[[shell: ${command}]] [[answer: never]]`)
  const shells = (): Promise<ProcessInfo[]> => processesMatching(new RegExp(`^${command}$`))
  await eventually(async () => (await shells()).length > 0, { what: 'the running command' })
  return { agent, shells }
}

describe('a server killed in the middle of a turn', () => {
  it('leaves the turn interrupted and the conversation there, and looking starts no server', async () => {
    const { agent, shells } = await atWork(71_001)
    const before = await agent.observe()
    expect(before.turn).toMatchObject({ value: { status: 'running' } })
    await site.killServer()
    const backend = site.open()
    const seen = await agent.observe()
    expect(seen).toMatchObject({
      existence: { known: true, value: 'present', evidence: { source: 'process' } },
      process: { known: false, reason: { code: 'NOT_SHOWN' } },
      turn: { value: { status: 'ended', how: 'interrupted', reason: { code: 'SERVER_ENDED' } } },
      requests: { known: true, value: [] },
    })
    const look = await backend.observe([agent.ref()], signal)
    expect(look).toMatchObject({ complete: true, found: null, server: { ok: false, error: { code: 'SERVER_ENDED' } } })
    await expect(backend.read(agent.ref(), everything, signal)).rejects.toMatchObject({
      code: 'BACKEND_UNREACHABLE',
      hint: 'Start it with: orch server start',
    })
    await expect(backend.find([backend.target], signal)).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' })
    expect(await backend.server?.status(signal)).toMatchObject({ ok: false })
    expect(await backend.interrupt?.(agent.ref(), signal)).toMatchObject({ interrupted: false })

    const [orphan] = await shells()
    const unproven = await backend.stop(agent.ref(), signal)
    expect(unproven.proven).toBe(false)
    expect(unproven.evidence.map(({ detail }) => detail).join('\n')).toContain(
      `process ${orphan?.pid} (sleep 71001) still runs`,
    )
    await killProcesses(await shells())
    expect(await backend.stop(agent.ref(), signal)).toMatchObject({ proven: true })
  })

  it('is started again by a message, which the agent answers; what was cut off stays interrupted', async () => {
    const { agent, shells } = await atWork(71_002)
    await site.killServer()
    await killProcesses(await shells())
    await site.open().server?.start(signal)
    expect(await agent.ended()).toMatchObject({ how: 'interrupted', reason: { code: 'SERVER_ENDED' } })
    await site.killServer()
    expect(await agent.send('[[answer: back again]]')).toMatchObject({ delivery: 'confirmed' })
    expect(await agent.ended()).toMatchObject({ how: 'completed' })
    const { items } = await site.open().read(agent.ref(), everything, signal)
    expect(items.at(-1)?.text).toBe('back again')
  })

  it('does not change how a turn ended that was over', async () => {
    const agent = await startAgent(site.open(), site.request(), '[[answer: done]]')
    await agent.ended()
    await agent.recorded()
    await site.killServer()
    expect((await agent.observe()).turn).toMatchObject({ value: { status: 'ended', how: 'completed' } })
    await site.open().server?.start(signal)
    expect((await agent.observe()).turn).toMatchObject({ value: { status: 'ended', how: 'completed' } })
  })
})

describe('server.stop()', () => {
  it('ends the turns first, so that nothing they started lives on', async () => {
    const { agent, shells } = await atWork(71_003)
    const report = await site.open().server?.stop(signal)
    expect(report?.evidence.map(({ detail }) => detail)[0]).toMatch(/^the turn of session "ses_\w+" was aborted$/)
    expect(await shells()).toEqual([])
    await site.open().server?.start(signal)
    expect(await agent.ended()).toMatchObject({ how: 'interrupted', reason: { code: 'INTERRUPTED' } })
  })
})

describe('stop()', () => {
  it('ends the command of a running turn, puts the session away and keeps what was said', async () => {
    const { agent, shells } = await atWork(71_004)
    const backend = site.open()
    const proof = await backend.stop(agent.ref(), signal)
    expect(proof.proven).toBe(true)
    expect(await shells()).toEqual([])
    const { sessionId } = agent.ref().handle as { sessionId: string }
    expect(await site.call(`/session/${sessionId}`)).toMatchObject({ time: { archived: expect.any(Number) } })
    const { items } = await backend.read(agent.ref(), everything, signal)
    expect(items[0]?.text).toBe('[[shell: sleep 71004]] [[answer: never]]')
  })

  it('names what an agent left running in the background', async () => {
    const prompt = '[[shell: sleep 71005 > /dev/null 2>&1 &]] [[answer: left something]]'
    const agent = await startAgent(site.open(), site.request(), prompt)
    await agent.ended()
    const left = await eventually(async () => (await processesMatching(/^sleep 71005$/))[0])
    const proof = await site.open().stop(agent.ref(), signal)
    expect(proof.evidence.map(({ detail }) => detail).join('\n')).toContain(
      `process ${left.pid} (sleep 71005) still runs`,
    )
    await killProcesses([left])
  })
})
