import { copyFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it } from '@jest/globals'
import { perTest } from '../../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../../tests/harness/temporary-folder.ts'
import { createJsonlRegistry } from '../../../src/registry/jsonl-registry.ts'
import type { Registry } from '../../../src/registry/registry.ts'
import { record } from '../../harness/values.ts'

const scope = perTest()
const ID = 'fix-login-7k3q'
let open: string
let closed: string
let registry: Registry

beforeEach(async () => {
  const directory = (await scope.use(temporaryFolder())).path
  open = join(directory, 'agents', `${ID}.jsonl`)
  closed = join(directory, 'ended', `${ID}.jsonl`)
  registry = createJsonlRegistry(directory)
  await registry.create(record())
})

it.each(['completed', 'abandoned', 'failed'] as const)(
  'a record archived as "%s" is closed before its file was moved away',
  async (lifecycle) => {
    const stored = await registry.archive(ID, 1, { type: 'end', set: { lifecycle } })
    await rename(closed, open)
    expect(await registry.get(ID)).toEqual(stored)
    for (const revision of [1, 2])
      await expect(registry.append(ID, revision, { type: 'late', set: { model: 'late' } })).rejects.toMatchObject({
        code: 'CONFLICT',
      })
    expect(await registry.get(ID)).toEqual(stored)
  },
)

it('a record whose process was killed before it moved the file is put away by list()', async () => {
  const stored = await registry.archive(ID, 1, { type: 'end', set: { lifecycle: 'completed' } })
  await rename(closed, open)
  expect(await registry.list('open')).toEqual({ records: [], unreadable: [] })
  expect(await registry.list('closed')).toEqual({ records: [stored], unreadable: [] })
  expect([await registry.ids('open'), await registry.ids('closed')]).toEqual([[], [ID]])
})

it('a file that a create() made in the instant the record of its id was archived is never taken for the record', async () => {
  await copyFile(open, `${open}.late`)
  const stored = await registry.archive(ID, 1, { type: 'end', set: { lifecycle: 'failed' } })
  await rename(`${open}.late`, open)
  expect(await registry.get(ID)).toEqual(stored)
  const late = registry.append(ID, 1, { type: 'late', set: { model: 'late' } })
  await expect(late).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(registry.create(record())).rejects.toMatchObject({ code: 'AGENT_EXISTS' })
})
