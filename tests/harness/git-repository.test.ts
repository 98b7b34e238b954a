import { describe, expect, it } from '@jest/globals'
import { git, gitRepository } from './git-repository.ts'
import { perTest } from './scope.ts'
import { temporaryFolder } from './temporary-folder.ts'

const scope = perTest()

describe('gitRepository()', () => {
  it('makes one commit on main under its own identity, and nothing is dirty', async () => {
    const { path } = await scope.use(temporaryFolder())
    await gitRepository(`${path}/a`, { 'src/one.txt': '1\n' })
    expect(await git(`${path}/a`, 'log', '--format=%an %s %D')).toBe('Test First commit HEAD -> main')
    expect(await git(`${path}/a`, 'ls-files')).toBe('src/one.txt')
    expect(await git(`${path}/a`, 'status', '--porcelain')).toBe('')
  })
})
