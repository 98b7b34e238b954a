import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { check } from '../../src/orchestrator/check.ts'
import { send } from '../../src/orchestrator/send.ts'
import { spawn } from '../../src/orchestrator/spawn.ts'
import { status } from '../../src/orchestrator/status.ts'
import { currentOwner } from '../../src/process-owner.ts'
import type { AgentRecord } from '../../src/registry/record.ts'
import { createPlace, type Place } from '../harness/place.ts'

const scope = perTest()
let place: Place
let file: string

beforeEach(async () => {
  place = await createPlace(scope)
  file = join(place.project, 'note.txt')
  writeFileSync(file, 'a note')
})

const NOTE = Buffer.from('a note').toString('base64')

describe('send() with attach', () => {
  it('delivers the files with the message; a relative path begins where the caller stands', async () => {
    const { orch, id } = await place.spawn('x')
    const { receipt } = await send(orch, id, 'see', { attach: ['note.txt', file] })
    expect(receipt).toMatchObject({ delivery: 'confirmed' })
    expect(place.server.received(id).at(-1)).toBe('see')
    expect(place.server.attached(id)).toEqual([NOTE, NOTE])
  })

  it('refuses before anything is recorded: a file that is not there, an agent that takes none', async () => {
    const { orch, id } = await place.spawn('x')
    const before = await orch.registry.get(id)
    await expect(send(orch, id, 'see', { attach: ['nothing'] })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    const plain = await place.open({ memory: { without: ['attachments'] } })
    await expect(send(plain, id, 'see', { attach: [file] })).rejects.toMatchObject({ code: 'UNSUPPORTED', agent: id })
    expect(await orch.registry.get(id)).toEqual(before)
    expect(place.server.received(id)).toHaveLength(1)
  })

  it('leaves no attempt behind when the file goes away after the check', async () => {
    const { orch, id } = await place.spawn('x')
    const late = await place.open({
      wrap: (backend) => ({
        ...backend,
        send: (...call) => {
          rmSync(file)
          return backend.send(...call)
        },
      }),
    })
    await expect(send(late, id, 'see', { attach: [file] })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', agent: id })
    expect((await orch.registry.get(id))?.record.attempts).toEqual([])
    expect(place.server.received(id)).toHaveLength(1)
  })

  it("when: 'idle' reads them when the message is delivered", async () => {
    const { orch, id } = await place.spawn('[[hang: on]]')
    await send(orch, id, 'see', { attach: [file], when: 'idle' })
    await send(orch, id, 'and this', { attach: [file], when: 'idle' })
    expect((await check(orch, id)).queue[0]).toMatchObject({ text: 'see', attachments: [{ name: 'note.txt' }] })
    writeFileSync(file, 'a later note')
    place.server.finish(id)
    await status(orch)
    expect(place.server.attached(id)).toEqual([Buffer.from('a later note').toString('base64')])
    rmSync(file)
    await status(orch)
    expect((await check(orch, id)).queue).toMatchObject([{ text: 'and this', failure: { code: 'FILE_NOT_FOUND' } }])
  })
})

describe('spawn() with attach', () => {
  it('gives the files with the task', async () => {
    const { agent } = await spawn(await place.open(), { task: 'x', attach: ['note.txt'] })
    expect(place.server.attached(agent.id)).toEqual([NOTE])
  })

  it('gives them after its process died too', async () => {
    const orch = await place.open()
    const died = await place.open({ memory: { crash: { at: 'create:after', how: 'reject' } } })
    await expect(spawn(died, { task: 'x', attach: ['note.txt'] })).rejects.toMatchObject({ outcome: 'unknown' })
    const [id = ''] = place.server.agents()
    const { revision = 0 } = (await orch.registry.get(id)) ?? {}
    const set: Partial<AgentRecord> = { lifecycle: 'spawning', owner: { ...currentOwner(), startTime: '1' } }
    await orch.registry.append(id, revision, { type: 'x', set })
    expect((await status(orch)).agents).toMatchObject([{ id, state: 'idle' }])
    expect(place.server.attached(id)).toEqual([NOTE])
  })

  it('refuses before anything is made where files cannot be given', async () => {
    const orch = await place.open()
    const late = { name: 'late', command: 'x', args: [], env: {}, promptBy: 'argument' } as const
    await expect(spawn(orch, { task: 'x', attach: ['nothing'] })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    const plain = await place.open({ memory: { without: ['attachments'] } })
    await expect(spawn(plain, { task: 'x', attach: [file] })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    const byArgument = { ...orch, config: { ...orch.config, programs: { late } } }
    await expect(spawn(byArgument, { task: 'x', program: 'late', attach: [file] })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
    expect((await orch.registry.list('open')).records).toEqual([])
  })
})
