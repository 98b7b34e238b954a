import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { runScript } from './run-script.ts'
import { temporaryFolder, writeFiles } from './temporary-folder.ts'

/** A repository whose package was released, and then got these files. */
function releasedThen(files: Record<string, string>): string {
  const folder = temporaryFolder()
  const git = (...args: string[]): unknown => execFileSync('git', args, { cwd: folder, stdio: 'pipe' })
  const commit = (): unknown =>
    git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '--all', '--message', 'one')
  writeFiles(folder, {
    '.changeset/config.json': '{}',
    'packages/one/package.json': '{ "name": "@orch/one" }',
    'packages/one/CHANGELOG.md': '# 0.1.0',
    'packages/one/src/index.ts': '',
  })
  git('init', '--quiet')
  git('add', '.')
  commit()
  writeFiles(folder, files)
  git('add', '.')
  return folder
}

const CHANGESET = "---\n'@orch/one': patch\n---\n\nMended.\n"
const PROBLEM = '@orch/one has changes that no changeset names: run "npx changeset"\n'

describe('check-changesets', () => {
  it('accepts a package that is as it was released', () => {
    expect(runScript('check-changesets.mjs', [releasedThen({})])).toEqual({ status: 0, output: '' })
  })

  it('accepts a change of the tests alone', () => {
    const folder = releasedThen({ 'packages/one/test/index.test.ts': '' })
    expect(runScript('check-changesets.mjs', [folder])).toEqual({ status: 0, output: '' })
  })

  it('refuses a change that no changeset names', () => {
    const folder = releasedThen({ 'packages/one/src/index.ts': 'export {}' })
    expect(runScript('check-changesets.mjs', [folder])).toEqual({ status: 1, output: PROBLEM })
  })

  it('accepts a change that a changeset names', () => {
    const folder = releasedThen({ 'packages/one/src/index.ts': 'export {}', '.changeset/mend.md': CHANGESET })
    expect(runScript('check-changesets.mjs', [folder])).toEqual({ status: 0, output: '' })
  })

  it('refuses a package that was never released and that no changeset names', () => {
    const folder = releasedThen({})
    rmSync(join(folder, 'packages/one/CHANGELOG.md'))
    expect(runScript('check-changesets.mjs', [folder])).toEqual({ status: 1, output: PROBLEM })
  })
})
