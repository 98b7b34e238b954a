import { appendFileSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { linesOfLog } from '../src/log-file.ts'

const scope = perTest()
let log: string

beforeEach(async () => {
  log = join((await scope.use(temporaryFolder())).path, 'server.log')
})

async function lastLines(last: number): Promise<string[]> {
  const lines: string[] = []
  const { signal } = new AbortController()
  for await (const line of linesOfLog(log, { last, follow: false, signal })) lines.push(line)
  return lines
}

describe('linesOfLog()', () => {
  it('gives exactly the last lines, or all there are, also one that has no end yet', async () => {
    writeFileSync(log, 'one\n\nthree\nfo')
    expect(await lastLines(2)).toEqual(['three', 'fo'])
    expect(await lastLines(9)).toEqual(['one', '', 'three', 'fo'])
    writeFileSync(log, 'one\ntwo\n')
    expect(await lastLines(1)).toEqual(['two'])
    writeFileSync(log, '')
    expect(await lastLines(1)).toEqual([])
  })

  it('reads lines that lie in several blocks', async () => {
    const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index} é`)
    writeFileSync(log, `${lines.join('\n')}\n`)
    expect(await lastLines(20_000)).toEqual(lines.slice(-20_000))
    const short = Array.from({ length: 3_000 }, (_, index) => `${index}`.padStart(49, '0'))
    writeFileSync(log, `${short.join('\n')}\n`)
    const endsInLastBlock = Math.ceil(65_536 / 50)
    expect(await lastLines(endsInLastBlock)).toEqual(short.slice(-endsInLastBlock))
  })

  it('follows whole lines, also of a file that is begun anew, until it is aborted', async () => {
    writeFileSync(log, 'old\nhalf')
    const abort = new AbortController()
    scope.defer(() => abort.abort())
    const lines: string[] = []
    const following = (async () => {
      for await (const line of linesOfLog(log, { last: 1, follow: true, signal: abort.signal })) lines.push(line)
    })()
    await eventually(() => lines.length === 1)
    appendFileSync(log, ' and half\nnext\nsta')
    await eventually(() => lines.length === 3)
    truncateSync(log)
    appendFileSync(log, 'new\n')
    await eventually(() => lines.length === 4)
    abort.abort()
    await following
    expect(lines).toEqual(['old', 'half and half', 'next', 'new'])
  })

  it('refuses a link and what is no file', async () => {
    writeFileSync(`${log}.other`, 'secret\n')
    symlinkSync(`${log}.other`, log)
    await expect(lastLines(1)).rejects.toMatchObject({ code: 'ELOOP' })
    log = `${log}.folder`
    mkdirSync(log)
    await expect(lastLines(1)).rejects.toMatchObject({ code: 'ENOTREG' })
  })
})
