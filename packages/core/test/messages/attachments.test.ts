import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { send } from '../../src/messages/send.ts'
import { check } from '../../src/orchestrator/check.ts'
import { status } from '../../src/orchestrator/status.ts'
import { currentOwner } from '../../src/process-owner.ts'
import type { AgentRecord } from '../../src/registry/record.ts'
import { spawn } from '../../src/spawn/spawn.ts'
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
    const note = { path: file, mime: 'text/plain', name: 'note.txt' }
    expect(await send(orch, id, 'see', { attach: ['note.txt', file] })).toMatchObject({
      receipt: { delivery: 'confirmed' },
      attachments: [note, note],
    })
    expect(await send(orch, id, 'and')).toMatchObject({ attachments: [] })
    expect(place.server.received(id).slice(1)).toEqual(['see', 'and'])
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

  it("when: 'idle' delivers what they held when the message was sent", async () => {
    const { orch, id } = await place.spawn('[[hang: on]]')
    const attachments = [{ path: file, mime: 'text/plain', name: 'note.txt' }]
    expect(await send(orch, id, 'see', { attach: [file], when: 'idle' })).toMatchObject({ attachments })
    writeFileSync(file, 'a later note')
    await send(orch, id, 'and this', { attach: [file], when: 'idle' })
    rmSync(file)
    expect((await check(orch, id)).queue).toMatchObject([{ text: 'see', attachments }, { attachments }])
    place.server.finish(id)
    await status(orch)
    await status(orch)
    expect(place.server.attached(id)).toEqual([NOTE, Buffer.from('a later note').toString('base64')])
    expect((await check(orch, id)).queue).toEqual([])
  })

  it("when: 'idle' says so when what was kept is gone, or cannot be kept", async () => {
    const { orch, id } = await place.spawn('[[hang: on]]')
    await send(orch, id, 'see', { attach: [file], when: 'idle' })
    const kept = join(place.project, '.orch', 'workspace', id, 'attachments')
    rmSync(kept, { recursive: true })
    writeFileSync(kept, 'in the way')
    const more = send(orch, id, 'and this', { attach: [file], when: 'idle' })
    await expect(more).rejects.toMatchObject({ code: 'WORKSPACE_UNWRITABLE', outcome: 'none' })
    place.server.finish(id)
    await status(orch)
    expect((await check(orch, id)).queue).toMatchObject([{ text: 'see', failure: { code: 'FILE_NOT_FOUND' } }])
    expect(place.server.received(id)).toHaveLength(1)
  })
})

describe('spawn() with attach', () => {
  it('gives the files with the task', async () => {
    const orch = await place.open()
    const { agent, attachments } = await spawn(orch, { task: 'x', key: 'one', attach: ['note.txt', file] })
    const note = { path: file, mime: 'text/plain', name: 'note.txt' }
    expect(attachments).toEqual([note, note])
    const again = await spawn(orch, { task: 'x', key: 'one' })
    expect(again).toMatchObject({ created: false, agent: { id: agent.id }, attachments })
    expect(place.server.attached(agent.id)).toEqual([NOTE, NOTE])
  })

  it('gives them after its process died too, as they were', async () => {
    const orch = await place.open()
    const died = await place.open({ memory: { crash: { at: 'create:after', how: 'reject' } } })
    await expect(spawn(died, { task: 'x', attach: ['note.txt'] })).rejects.toMatchObject({ outcome: 'unknown' })
    const [id = ''] = place.server.agents()
    const { revision = 0 } = (await orch.registry.get(id)) ?? {}
    const set: Partial<AgentRecord> = { lifecycle: 'spawning', owner: { ...currentOwner(), startTime: '1' } }
    await orch.registry.append(id, revision, { type: 'x', set })
    rmSync(file)
    expect((await status(orch)).agents).toMatchObject([{ id, state: 'idle' }])
    expect(place.server.attached(id)).toEqual([NOTE])
  })

  it('refuses before anything is made where files cannot be given', async () => {
    const orch = await place.open()
    const late = { name: 'late', command: 'x', args: [], env: {}, promptBy: 'argument' } as const
    await expect(spawn(orch, { task: 'x', attach: ['nothing'] })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    writeFileSync(join(place.project, 'bytes'), Buffer.from([0]))
    await expect(spawn(orch, { task: 'x', attach: ['bytes'] })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    const plain = await place.open({ memory: { without: ['attachments'] } })
    await expect(spawn(plain, { task: 'x', attach: [file] })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    const byArgument = { ...orch, config: { ...orch.config, programs: { late } } }
    await expect(spawn(byArgument, { task: 'x', program: 'late', attach: [file] })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
    expect((await orch.registry.list('open')).records).toEqual([])
  })
})
