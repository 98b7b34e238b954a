import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { command as completion } from '../src/commands/completion.ts'
import { command as help } from '../src/commands/help.ts'
import { BESIDE, COMMANDS } from '../src/commands.ts'
import { callOrch } from './harness/call-orch.ts'
import { createPlace, type Place } from './harness/place.ts'

const VERBS = [...COMMANDS.map(({ name }) => name), ...BESIDE]

let place: Place
beforeAll(() => {
  place = createPlace()
})
afterAll(() => place.remove())

describe('help', () => {
  it('lists every command', async () => {
    const called = await callOrch(place, ['help'])
    expect(called).toEqual({ code: 0, stdout: expect.any(String), stderr: '' })
    expect(called.stdout).toMatchSnapshot()
    for (const words of [[], ['--help'], ['-h']]) expect(await callOrch(place, words)).toEqual(called)
  })

  it.each(VERBS)('%s explains itself', async (verb) => {
    const called = await callOrch(place, [verb, '--help'])
    expect(called).toEqual({ code: 0, stdout: expect.any(String), stderr: '' })
    expect(called.stdout).toMatchSnapshot()
    expect(await callOrch(place, ['help', verb])).toEqual(called)
  })

  it('says which command was meant when there is none of that name', async () => {
    expect(await callOrch(place, ['help', 'ls'])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('orch status'),
    })
  })
})

it('--version prints the version of the package', async () => {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const called = { code: 0, stdout: `${JSON.parse(manifest).version}\n`, stderr: '' }
  for (const words of [['--version'], ['-v']]) expect(await callOrch(place, words)).toEqual(called)
})

it.each([['--version'], ['help'], ['help', 'spawn'], ['completion', 'bash']])(
  '%s with --json prints a document as any other',
  async (...words) => {
    const { code, stdout } = await callOrch(place, [...words, '--json'])
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, apiVersion: 1, warnings: [] })
  },
)

describe('the list of commands', () => {
  it('has every command file', () => {
    const files = readdirSync(new URL('../src/commands', import.meta.url))
    expect(VERBS.map((verb) => `${verb}.ts`).sort()).toEqual(files.sort())
  })

  it('says of each command what its file says', async () => {
    for (const { summary, load } of COMMANDS) expect((await load()).command.describe).toBe(summary)
  })

  it('is the table of the README', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const rows = [...readme.matchAll(/^\| `orch (\w+)[^|]*` \| ([^|]+) \|$/gm)].map(([, name, does]) => [name, does])
    const listed = [
      ...COMMANDS.map(({ name, summary }) => [name, summary]),
      ['completion', completion.describe],
      ['help', help.describe],
    ]
    expect(rows).toEqual(listed)
  })
})
