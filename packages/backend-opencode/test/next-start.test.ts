import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { currentOwner, type ProcessOwner } from '@orch/core'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { nextStart } from '../src/client/managed-server.ts'
import { writeServerRecord } from '../src/client/server-file.ts'
import { recordFailure, takeClaim } from '../src/client/start-claim.ts'

const scope = perTest()
const ENDED: ProcessOwner = { ...currentOwner(), startTime: '1' }

function claim(folder: string, generation: number, owner: ProcessOwner): void {
  takeClaim(folder, { generation, owner, port: 4000 + generation, password: `password ${generation}` })
}

/** Records that the server of this claim runs. */
function finish(folder: string, generation: number): void {
  const texts = { url: 'http://127.0.0.1:4001', password: 'secret', version: '1.0.0', dataFolder: folder, log: folder }
  writeServerRecord(folder, { ...texts, process: currentOwner(), startedAt: new Date().toISOString(), generation })
}

describe('nextStart(), of a process that saw no server,', () => {
  it('is the first where there never was a start', async () => {
    const { path: folder } = await scope.use(temporaryFolder())
    expect(nextStart(folder, 0, new Set())).toEqual({ generation: 1, abandoned: null })
  })

  it('waits for a start that is under way', async () => {
    const { path: folder } = await scope.use(temporaryFolder())
    claim(folder, 1, currentOwner())
    expect(nextStart(folder, 0, new Set())).toBeUndefined()
  })

  it('takes the place of a start that never finished, and names what is to be ended', async () => {
    const { path: folder } = await scope.use(temporaryFolder())
    claim(folder, 1, ENDED)
    expect(nextStart(folder, 0, new Set())).toMatchObject({ generation: 2, abandoned: { generation: 1 } })
  })

  it('takes the place of a start of which a power loss left a part, and ends nothing for it', async () => {
    const { path: folder } = await scope.use(temporaryFolder())
    claim(folder, 1, currentOwner())
    const file = join(folder, 'start-1.json')
    const whole = readFileSync(file, 'utf8')
    for (let bytes = 0; bytes < whole.length; bytes++) {
      writeFileSync(file, whole.slice(0, bytes))
      const abandoned = { generation: 1, owner: null }
      expect([bytes, nextStart(folder, 0, new Set())]).toEqual([bytes, { generation: 2, abandoned }])
    }
    writeFileSync(file, whole)
    writeFileSync(join(folder, 'start-1.failed.json'), '{"fail')
    expect(nextStart(folder, 0, new Set([1]))).toMatchObject({ generation: 2 })
  })

  it('follows a server that has ended', async () => {
    const { path: folder } = await scope.use(temporaryFolder())
    claim(folder, 1, ENDED)
    finish(folder, 1)
    expect(nextStart(folder, 1, new Set())).toEqual({ generation: 2, abandoned: null })
  })

  it('looks again when a start finished after that look', async () => {
    const { path: folder } = await scope.use(temporaryFolder())
    claim(folder, 1, currentOwner())
    finish(folder, 1)
    expect(nextStart(folder, 0, new Set())).toBeUndefined()
  })

  it('looks again, and ends nothing, when a start finished after that look and its process has ended', async () => {
    const { path: folder } = await scope.use(temporaryFolder())
    claim(folder, 1, ENDED)
    finish(folder, 1)
    expect(nextStart(folder, 0, new Set())).toBeUndefined()
  })

  it('throws the failure of a start that it waited for, and tries again after one that it did not', async () => {
    const { path: folder } = await scope.use(temporaryFolder())
    claim(folder, 1, currentOwner())
    recordFailure(folder, 1, new Error('no room'))
    expect(() => nextStart(folder, 0, new Set([1]))).toThrow('no room')
    expect(nextStart(folder, 0, new Set())).toMatchObject({ generation: 2, abandoned: { generation: 1 } })
  })
})
