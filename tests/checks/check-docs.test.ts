import { describe, expect, it } from '@jest/globals'
import { runScript } from './run-script.ts'
import { temporaryFolder, writeFiles } from './temporary-folder.ts'

function check(text: string): ReturnType<typeof runScript> {
  const folder = temporaryFolder()
  const scripts = JSON.stringify({ scripts: { demo: 'true' } })
  writeFiles(folder, { 'package.json': scripts, 'README.md': text, 'docs/a.md': '', 'docs/b.txt': 'one\n\ntwo\n2\n' })
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

  it('accepts parts of files, tables and configurations that are right', () => {
    const config = JSON.stringify({ backends: { tmux: { columns: 120 }, mine: { module: 'x', any: 1 } } })
    const text = [
      '<!-- file docs/b.txt -->\n```\none\n\ntwo\n2\n```\n',
      '<!-- parts of docs/b.txt -->\n```\ntwo\n2\n```\n',
      `<!-- configuration -->\n\`\`\`json\n${config}\n\`\`\`\n`,
    ].join('\n')
    expect(check(text)).toEqual({ status: 0, output: '' })
  })

  it.each([
    ['another text than the file', 'file docs/b.txt', '```\none\n```', 'what it shows of "docs/b.txt" is not what'],
    ['a file that is missing', 'file docs/c.txt', '```\none\n```', 'there is no "docs/c.txt" to show'],
    ['half a paragraph', 'parts of docs/b.txt', '```\ntwo\n```', '"docs/b.txt" has no such paragraph here: two'],
    ['another order', 'parts of docs/b.txt', '```\ntwo\n2\n\none\n```', '"docs/b.txt" has no such paragraph here: one'],
    [
      'an unknown key',
      'configuration',
      '```json\n{ "backend": "x" }\n```',
      'a configuration is not valid at "backend"',
    ],
    [
      'an unknown option',
      'configuration',
      '```json\n{ "backends": { "tmux": { "a": 1 } } }\n```',
      'there is no option "a"',
    ],
    ['an unknown backend', 'configuration', '```json\n{ "backends": { "x": {} } }\n```', 'names the backend "x"'],
    ['an unknown table', 'table of things', '| a |\n|---|\n| b |', 'there is no table of things'],
    ['a row too few', 'table of states', '| a |\n|---|\n| `done` |', 'the table of states lacks: `waiting`'],
    ['a row too many', 'table of states', '| a |\n|---|\n| `over` |', 'the table of states has too much: `over`'],
    ['another code', 'table of error codes', '| a |\n|---|\n| `DISK` | 75 | x |', 'has too much: `DISK` | 75 | x'],
  ])('refuses %s', (_, marker, block, problem) => {
    const { status, output } = check(`<!-- ${marker} -->\n${block}\n`)
    expect({ status, output }).toEqual({ status: 1, output: expect.stringContaining(problem) })
  })
})
