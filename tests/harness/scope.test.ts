import { stat, writeFile } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { createScope } from './create-scope.ts'
import { perTest } from './scope.ts'
import { temporaryFolder } from './temporary-folder.ts'

describe('createScope()', () => {
  it('ends everything, newest first, although one end fails', async () => {
    const ended: string[] = []
    const { scope, end } = createScope()
    scope.defer(() => ended.push('first'))
    scope.defer(() => {
      throw new Error('stuck')
    })
    await scope.use({ [Symbol.asyncDispose]: async () => void ended.push('last') })
    await expect(end()).rejects.toThrow('Cannot end the test cleanly: Error: stuck')
    expect(ended).toEqual(['last', 'first'])
    await end()
    expect(ended).toEqual(['last', 'first'])
  })
})

describe('temporaryFolder()', () => {
  const scope = perTest()
  const made: string[] = []

  it('makes a private folder each time', async () => {
    for (const _ of [1, 2]) {
      const { path } = await scope.use(temporaryFolder())
      expect((await stat(path)).mode & 0o777).toBe(0o700)
      await writeFile(`${path}/file`, 'x')
      made.push(path)
    }
    expect(new Set(made).size).toBe(2)
  })

  it('is removed by perTest() after the test that made it', async () => {
    expect(made).toHaveLength(2)
    for (const path of made) await expect(stat(path)).rejects.toThrow('ENOENT')
  })
})
