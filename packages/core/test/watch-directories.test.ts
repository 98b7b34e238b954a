import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getActiveResourcesInfo } from 'node:process'
import { beforeEach, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { watchDirectories } from '../src/watch-directories.ts'

const scope = perTest()
let one: string
let two: string

beforeEach(async () => {
  const { path } = await scope.use(temporaryFolder())
  one = join(path, 'one')
  two = join(path, 'two')
  mkdirSync(one)
  mkdirSync(two)
})

it('watchDirectories() tells of files that appear, change, are renamed and go, in any of them', async () => {
  const { names } = follow([one, two])
  const told = (name: string): Promise<unknown> => {
    const after = names.length
    return eventually(() => names.includes(name, after), { what: `an event for ${name}` })
  }
  for (const act of [
    () => writeFileSync(join(one, 'a'), '1'),
    () => writeFileSync(join(one, 'a'), '2', { flag: 'a' }),
    () => renameSync(join(one, 'a'), join(two, 'a')),
    () => rmSync(join(two, 'a')),
  ]) {
    const next = told('a')
    act()
    await next
  }
})

it('watchDirectories() misses nothing that happens after it was asked for the first name', async () => {
  const source = watchDirectories([one], scopeSignal())[Symbol.asyncIterator]()
  const first = source.next()
  writeFileSync(join(one, 'a'), '1')
  expect(await first).toEqual({ done: false, value: 'a' })
})

it('watchDirectories() says "look again" for a directory that cannot be watched, and watches the others', async () => {
  const { names } = follow([join(one, 'gone'), two])
  await eventually(() => names.includes(null), { what: 'null' })
  writeFileSync(join(two, 'b'), '')
  await eventually(() => names.includes('b'), { what: 'an event for b' })
})

it('watchDirectories() ends at abort and closes its watchers', async () => {
  const watchers = (): number => getActiveResourcesInfo().filter((name) => /^FS.*Event/i.test(name)).length
  const before = watchers()
  const { ended, controller } = follow([one, two])
  expect(watchers()).toBe(before + 2)
  controller.abort()
  await ended
  await eventually(() => watchers() === before, { what: 'closed watchers' })
})

it('watchDirectories() of an aborted signal ends at once', async () => {
  expect.assertions(0)
  for await (const name of watchDirectories([one], AbortSignal.abort())) expect(name).toBe('nothing')
})

function follow(directories: readonly string[]): {
  readonly names: (string | null)[]
  readonly ended: Promise<void>
  readonly controller: AbortController
} {
  const controller = new AbortController()
  scope.defer(() => controller.abort())
  const names: (string | null)[] = []
  const read = async (): Promise<void> => {
    for await (const name of watchDirectories(directories, controller.signal)) names.push(name)
  }
  return { names, ended: read(), controller }
}

function scopeSignal(): AbortSignal {
  const controller = new AbortController()
  scope.defer(() => controller.abort())
  return controller.signal
}
