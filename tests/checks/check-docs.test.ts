import { describe, expect, it } from '@jest/globals'
import { runScript } from './run-script.ts'
import { temporaryFolder, writeFiles } from './temporary-folder.ts'

function check(text: string): ReturnType<typeof runScript> {
  const folder = temporaryFolder()
  const scripts = JSON.stringify({ scripts: { demo: 'true' } })
  writeFiles(folder, { 'package.json': scripts, 'README.md': text, 'docs/a.md': '' })
  return runScript('check-docs.mjs', [folder])
}

describe('check-docs', () => {
  it('accepts commands, flags, scripts, paths and links that are there', () => {
    const text =
      '`orch status --json` `docs/a.md` [a](docs/a.md)\n```sh\nnpm run demo\nnpx @orch/cli send x "--no such" -\n```\n'
    expect(check(text)).toEqual({ status: 0, output: '' })
  })

  it.each([
    ['an unknown command', '`npx @orch/cli launch x`', '"orch launch" is no command'],
    ['an unknown flag', '```\n$ npx @orch/cli status --loud\n```', '"orch status" knows no --loud'],
    ['a flag that only begins like one', '`orch status --js`', '"orch status" knows no --js'],
    ['an unknown script', '`npm run launch`', 'there is no script "npm run launch"'],
    ['a missing path', '`packages/core/src/nothing.ts`', 'there is no "packages/core/src/nothing.ts"'],
    ['a dead link', 'see [that](docs/b.md)', 'the link "docs/b.md" leads nowhere'],
  ])('refuses %s', (_, text, problem) => {
    expect(check(text)).toEqual({ status: 1, output: `README.md: ${problem}\n` })
  })
})
