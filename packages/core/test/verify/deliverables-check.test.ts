import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { deliverablesCheck } from '../../src/verify/deliverables-check.ts'

const scope = perTest()
let root: string
let directory: string
let workspace: string

beforeEach(async () => {
  root = (await scope.use(temporaryFolder())).path
  directory = join(root, 'project')
  workspace = join(root, 'workspace')
  mkdirSync(directory)
  mkdirSync(workspace)
})

const checkOf = (...deliverables: string[]): ReturnType<typeof deliverablesCheck> =>
  deliverablesCheck({ id: 'fix-it-2345', directory, workspace, deliverables })

describe('deliverablesCheck()', () => {
  it('skips where none were agreed on', () => {
    expect(checkOf()).toMatchObject({ result: 'skip' })
  })

  it('passes with files and folders that hold something, in the directory and in the workspace', () => {
    mkdirSync(join(directory, 'made'))
    for (const file of ['a b.md', 'made/one', '../workspace/notes.md']) writeFileSync(join(directory, file), 'x')
    symlinkSync('a b.md', join(directory, 'link'))
    const check = checkOf('a b.md', 'made', join(workspace, 'notes.md'), '../workspace/notes.md', 'link')
    expect(check).toMatchObject({ name: 'deliverables', result: 'pass' })
  })

  it.each([
    ['gone.md', '"gone.md" is not there'],
    ['empty.md', '"empty.md" is empty'],
    ['hollow', '"hollow" is an empty folder'],
    ['empty.md/below', '"empty.md/below" is not there'],
    ['pipe', '"pipe" is neither a file nor a folder'],
    ['../other.md', '"../other.md" lies outside of its directory and workspace'],
    ['out', '"out" lies outside of its directory and workspace'],
    ['/etc/passwd', '"/etc/passwd" lies outside of its directory and workspace'],
    ['loop', '"loop" cannot be looked at (ELOOP)'],
  ])('fails for %s', (path, text) => {
    writeFileSync(join(directory, 'empty.md'), '')
    mkdirSync(join(directory, 'hollow'))
    execFileSync('mkfifo', [join(directory, 'pipe')])
    writeFileSync(join(root, 'other.md'), 'x')
    symlinkSync('../other.md', join(directory, 'out'))
    symlinkSync('loop', join(directory, 'loop'))
    const hint = expect.stringContaining('fix-it-2345')
    expect(checkOf(path)).toEqual({ name: 'deliverables', result: 'fail', text, hint })
  })

  it('tells of each that is missing, and of no other', () => {
    writeFileSync(join(directory, 'here.md'), 'x')
    expect(checkOf('a.md', 'here.md', 'b.md').text).toBe('"a.md" is not there; "b.md" is not there')
  })
})
