import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createFileStore } from '../../src/memory/file-store.ts'
import { runProcess } from './processes.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'orch-file-store-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

describe('createFileStore()', () => {
  it('reads an empty server where nothing was written', () => {
    const missing = join(directory, 'missing')
    expect(createFileStore(missing).read()).toEqual({ status: 'down', epoch: '', agents: [] })
    expect(readdirSync(directory)).toEqual([])
  })

  it('shows one store what another wrote', () => {
    createFileStore(directory).change((state) => {
      state.epoch = 'seen'
    })
    expect(createFileStore(directory).read().epoch).toBe('seen')
  })

  it('loses no change of four processes that write at once', async () => {
    const runs = Array.from({ length: 4 }, () => runProcess('fixtures/add-agents.ts', [directory, '50']))
    expect((await Promise.all(runs)).map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect(createFileStore(directory).read().epoch).toBe('200')
  })

  it('keeps one generation on disk, readable by its owner only', () => {
    const store = createFileStore(directory)
    for (const epoch of ['a', 'b', 'c']) {
      store.change((state) => {
        state.epoch = epoch
      })
    }
    const sizes = readdirSync(directory).map((name) => [name, statSync(join(directory, name)).size > 0])
    expect(sizes).toEqual([
      ['state-1.json', false],
      ['state-2.json', false],
      ['state-3.json', true],
    ])
    expect(statSync(join(directory, 'state-3.json')).mode & 0o777).toBe(0o600)
  })

  it('calls a watcher after a change of another process, until told not to', async () => {
    const store = createFileStore(directory)
    let stop = (): void => {}
    const called = new Promise<void>((resolve) => {
      stop = store.watch(resolve)
    })
    await runProcess('fixtures/add-agents.ts', [directory, '1'])
    await called
    stop()
  })
})
