import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { assertBundled, BIN } from './harness/loaded-packages.ts'
import { createPlace, type Place } from './harness/place.ts'

let place: Place
beforeAll(() => {
  assertBundled()
  place = createPlace()
})
afterAll(() => place?.remove())

const REMOVE_AND_RUN = 'rmdir "$PWD" && exec "$0" "$@"'

/** Runs the built orch in a directory that was removed before. */
function runInDeleted(words: readonly string[]): { readonly code: number | null; readonly out: string } {
  const cwd = join(place.folder, 'gone')
  mkdirSync(cwd)
  const argv = ['-c', REMOVE_AND_RUN, process.execPath, BIN, ...words]
  const { status, stdout, stderr } = spawnSync('sh', argv, { cwd, env: place.env, encoding: 'utf8' })
  return { code: status, out: `${stdout}${stderr}` }
}

describe('in a directory that was deleted', () => {
  it('status says so', () => {
    expect(runInDeleted(['status'])).toEqual({
      code: 66,
      out: 'orch: Cannot use the current directory: it is not there any more\n  → Change to an existing directory, or name one with --project\n',
    })
  })

  it('a relative --project is not there', () => {
    expect(runInDeleted(['status', '-C', 'sub'])).toEqual({
      code: 66,
      out: 'orch: Cannot use the directory "sub": it is not there, or is no directory\n  → Name an existing directory with --project\n',
    })
  })

  it('a relative --file is not there', () => {
    expect(runInDeleted(['spawn', '-C', place.project, '--file', 'task.md'])).toEqual({
      code: 66,
      out: 'orch: Cannot read "task.md": the file is not readable (ENOENT)\n  → Check the path of the file\n',
    })
  })

  it('an absolute --project works', () => {
    expect(runInDeleted(['status', '-C', place.project])).toEqual({
      code: 0,
      out: expect.stringContaining(`No agents in ${place.project}`),
    })
  })

  it.each([
    [['--version'], /^\d+\.\d+\.\d+\n$/],
    [['--help'], /^orch VERB/],
    [['status', '--help'], /^orch status/],
  ])('%j works', (words, text) => {
    expect(runInDeleted(words)).toEqual({ code: 0, out: expect.stringMatching(text) })
  })
})
