import { beforeAll, describe, expect, it } from '@jest/globals'
import { perFile } from '../../../tests/harness/scope.ts'
import { isAlive, processInfo } from '../../../tests/harness/processes.ts'
import { openSite, type Site } from './support/open-code-world.ts'

const scope = perFile()
const { signal } = new AbortController()
let site: Site
beforeAll(async () => {
  site = await openSite(scope)
})

describe('server.stop()', () => {
  it('ends the process that start() started', async () => {
    const control = site.open().server
    const started = await control?.start(signal)
    const info = await processInfo(started?.pid ?? 0)
    expect(info?.argv).toContain('serve')
    const stopped = await control?.stop(signal)
    console.log(started, stopped)
    expect(await isAlive({ pid: started?.pid ?? 0, startTime: info?.startTime ?? '' })).toBe(false)
    expect(stopped?.evidence[0]?.detail).toMatch(/ended after SIGTERM/)
  })
})
